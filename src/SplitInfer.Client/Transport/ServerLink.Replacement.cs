namespace SplitInfer.Client.Transport;

/// <content>Another connection beside one that is silent.</content>
internal sealed partial class ServerLink
{
    private readonly ReplacementPause _replacementPause;
    private bool _isReplacing;

    /// <summary>
    /// Tries another connection beside one that is silent, which a path may have forgotten without telling either end. Where the server answers
    /// there, new requests go there; what is in flight on the old one may still be answered.
    /// </summary>
    private void ReplaceInDoubt(ServerConnection silent)
    {
        lock (_gate)
        {
            if (_isReplacing || _disposal.IsCancellationRequested || !IsCurrent(silent)) return;
            if (!_replacementPause.TryBegin()) return;
            _isReplacing = true;
        }

        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => ReplaceAsync(silent));
    }

    private async Task ReplaceAsync(ServerConnection silent)
    {
        try
        {
            var other = await ConnectAsync().ConfigureAwait(false);
            await using (_disposal.Token.UnsafeRegister(_ => _ = other.AbortAsync(new ObjectDisposedException(nameof(ITailTransport))), null).ConfigureAwait(false))
                await other.Welcomed.ConfigureAwait(false);
            bool isTaken;
            lock (_gate)
            {
                isTaken = other.IsOpen && !_disposal.IsCancellationRequested && IsCurrent(silent) && (silent.IsInDoubt || !silent.IsOpen);
                if (isTaken) _connection = Task.FromResult(other);
            }

            if (isTaken) silent.Retire();
            else await other.AbortAsync(new IOException("The other connection has gone on.")).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SplitInferException or ObjectDisposedException)
        {
            // Neither connection is any good, or the link is closed; the old one ends in its own time.
        }
        finally
        {
            lock (_gate) _isReplacing = false;
        }
    }

    private bool IsCurrent(ServerConnection connection) => _connection is { IsCompletedSuccessfully: true } current && current.Result == connection;
}
