using SplitInfer.Cli.Inputs;
using SplitInfer.Client.Transport;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>Handshakes with the servers of a run, which go on while the model is planned and frames are inferred. Tells of each that fails as soon as that is known.</summary>
internal sealed class ServerChecks : IAsyncDisposable
{
    private readonly Task<Exception?>[] _checks;
    private readonly CancellationTokenSource _end;
    private readonly Task _telling;

    private ServerChecks(Task<Exception?>[] checks, ToldFailures told, CancellationTokenSource end)
    {
        (_checks, _end) = (checks, end);
        _telling = TellAsync(told);
    }

    /// <summary>Begins to shake hands.</summary>
    /// <param name="servers">Addresses of the servers.</param>
    /// <param name="transport">How they are reached.</param>
    /// <param name="told">Tells of those that cannot be used.</param>
    /// <param name="cancellationToken">Ends all handshakes.</param>
    /// <exception cref="SplitInferException">An address, or a file with certificates, cannot be used.</exception>
    /// <exception cref="UsageException">The file with the key cannot be used.</exception>
    public static async Task<ServerChecks> StartAsync(IEnumerable<Uri> servers, TransportOptions transport, ToldFailures told, CancellationToken cancellationToken)
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            Task<Exception?>[] checks = [.. servers.Select(server => ServerCheck.FailureOfAsync(server, transport, end.Token))];
            // What is wrong with a file is known by now.
            foreach (var check in checks)
                if (check.IsFaulted) await check;
            return new(checks, told, end);
        }
        catch
        {
            await end.CancelAsync();
            end.Dispose();
            throw;
        }
    }

    /// <summary>Waits until a server has answered, or all have failed, of which it has told then. One that is only busy may answer later.</summary>
    public async Task<bool> HasServerAsync()
    {
        await foreach (var check in Task.WhenEach(_checks))
            if (await check is not { } failure || FailureWords.IsPassing(failure)) return true;
        await _telling;
        return false;
    }

    /// <summary>Ends the handshakes, so that nothing is told any more.</summary>
    /// <param name="patience">How long those that are not done yet may still take.</param>
    public async Task EndAsync(TimeSpan patience)
    {
        _end.CancelAfter(patience);
        await _telling;
    }

    /// <summary>Ends the handshakes at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _telling;
        _end.Dispose();
    }

    private async Task TellAsync(ToldFailures told)
    {
        await foreach (var check in Task.WhenEach(_checks))
            if (!check.IsCanceled && await check is { } failure) told.Add(failure);
    }
}
