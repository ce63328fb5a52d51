using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>One client from connecting to disconnecting: handshake, requests, and a final error where something was wrong.</summary>
internal sealed class ClientConnection(ByteChannel channel, ServerContext server, long client) : IDisposable
{
    // A client that is told to go away disconnects at once; one that does not is disconnected.
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(1);

    private readonly FrameConnection _connection = new(channel, server.Limits.StallTimeout, server.Time);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RequestTable? _requests;

    /// <summary>Serves the client until either end disconnects. Never throws.</summary>
    public async Task RunAsync()
    {
        using var handles = new HandleTable(server.Models, server.Limits.MaxOpenModels);
        Action onModelsChanged = () => _ = SendReplacedAsync(handles);
        server.Models.Changed += onModelsChanged;
        try
        {
            var terms = await ServerHandshake.NegotiateAsync(_connection, server).ConfigureAwait(false);
            var requests = _requests = new(_connection, terms, server);
            await _connection.RunAsync(new RequestReader(_connection, requests, handles, terms, server, client)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await EndAsync(exception).ConfigureAwait(false);
        }
        finally
        {
            server.Models.Changed -= onModelsChanged;
            Dispose();
            if (_requests is not null) await _requests.StopAsync().ConfigureAwait(false);
            _closed.SetResult();
        }
    }

    /// <summary>Tells the client why it is not served, and closes the connection.</summary>
    public async Task RejectAsync(Refusal refusal)
    {
        ServerLog.ConnectionRefused(server.Log, refusal.Message);
        await _connection.SendFinalErrorAsync(LoadReport.Error(0, refusal, server.Scheduler)).ConfigureAwait(false);
        _connection.Dispose();
    }

    /// <summary>Accepts no new requests, finishes those in flight, and closes the connection.</summary>
    public async Task DrainAsync()
    {
        if (_requests is { } requests)
        {
            try
            {
                await _connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.GoAway, 0, new GoAway { Reason = (uint)RefusalCode.ShuttingDown })).ConfigureAwait(false);
                await requests.DrainAsync().ConfigureAwait(false);
                await _closed.Task.WaitAsync(DrainGrace, server.Time).ConfigureAwait(false);
            }
            catch (Exception exception) when (FrameConnection.IsLoss(exception))
            {
                // The client has disconnected already, or does not.
            }
        }

        Dispose();
    }

    /// <summary>Closes the connection at once; <see cref="RunAsync"/> ends soon after.</summary>
    public void Dispose()
    {
        _connection.Abort(new ObjectDisposedException(nameof(ClientConnection)));
    }

    /// <summary>Has the client open anew what was replaced. Never throws.</summary>
    private async Task SendReplacedAsync(HandleTable handles)
    {
        try
        {
            foreach (var handle in handles.TakeReplaced()) await _connection.Writer.SendAsync(ModelReport.Replaced(handle)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _connection.Abort(exception);
        }
    }

    private async Task EndAsync(Exception exception)
    {
        switch (exception)
        {
            case TailRefusedException refused:
                await RejectAsync(new(refused.Code, refused.Message, refused.DifferingPartition)).ConfigureAwait(false);
                break;
            case ProtocolException broken:
                ServerLog.ProtocolBroken(server.Log, broken);
                await _connection.SendFinalErrorAsync(LoadReport.Error(0, new(RefusalCode.ProtocolViolation, broken.Message), server.Scheduler)).ConfigureAwait(false);
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
