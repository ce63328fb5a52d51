using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Server.Hosting;

/// <summary>One client from its connecting to its leaving: handshake, requests, and a last word where something was wrong.</summary>
internal sealed class TailConnection(ByteChannel channel, ServerContext server) : IDisposable
{
    // A client that is asked to leave does so at once; one that does not is left.
    private static readonly TimeSpan LeavingTime = TimeSpan.FromSeconds(1);

    private readonly FrameConnection _connection = new(channel, server.Limits.StallTimeout, server.Time);
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile CallTable? _calls;

    /// <summary>Serves the client until either end leaves. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            var agreement = await ServerHandshake.AgreeAsync(_connection, server, _ended.Token).ConfigureAwait(false);
            _calls = new(_connection, agreement, server);
            await _connection.PumpAsync(_calls).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await EndAsync(exception).ConfigureAwait(false);
        }
        finally
        {
            Dispose();
            if (_calls is not null) await _calls.StopAsync().ConfigureAwait(false);

            _left.SetResult();
        }
    }

    /// <summary>Turns the client away without listening to it.</summary>
    public async Task RefuseAsync(Refusal refusal)
    {
        ServerLog.ConnectionRefused(server.Log, refusal.Message);
        await _connection.SayFarewellAsync(HeaderOnlyMessage.Error(0, refusal.Code, refusal.Message, refusal.DifferingPartition)).ConfigureAwait(false);
        _connection.Dispose();
    }

    /// <summary>Finishes what is in flight and takes nothing new.</summary>
    public async Task DrainAsync()
    {
        if (_calls is { } calls)
        {
            try
            {
                await _connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.GoAway, 0)).ConfigureAwait(false);
                await calls.CloseAsync().ConfigureAwait(false);
                await _left.Task.WaitAsync(LeavingTime, server.Time).ConfigureAwait(false);
            }
            catch (Exception exception) when (FrameConnection.IsLoss(exception))
            {
                // The client has left, or will not.
            }
        }

        Dispose();
    }

    /// <summary>Leaves at once; <see cref="RunAsync"/> ends soon after.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        _connection.Abort(new ObjectDisposedException(nameof(TailConnection)));
    }

    private async Task EndAsync(Exception exception)
    {
        switch (exception)
        {
            case TailRefusedException refused:
                await RefuseAsync(new(refused.Code, refused.Message, refused.DifferingPartition)).ConfigureAwait(false);
                break;
            case ProtocolException broken:
                ServerLog.ProtocolBroken(server.Log, broken);
                await _connection.SayFarewellAsync(HeaderOnlyMessage.Error(0, RefusalCode.ProtocolViolation, broken.Message)).ConfigureAwait(false);
                break;
            case var lost when FrameConnection.IsLoss(lost) || lost is OperationCanceledException:
                ServerLog.ConnectionLost(server.Log, lost);
                break;
            default:
                ServerLog.ConnectionFailed(server.Log, exception);
                break;
        }
    }
}
