using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Access;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>One client from connecting to disconnecting: handshake, requests, and a final error where something was wrong.</summary>
internal sealed class ClientConnection(ByteChannel channel, ServerContext server, long client) : IDisposable
{
    // A client that is told to go away disconnects at once; one that does not is disconnected.
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(1);

    // A client that has begun requests and does not go on with them is not waited for.
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(1), DrainPeriod = DrainPatience / 4;

    private readonly FrameConnection _connection = new(channel, server.Limits.StallTimeout, server.Time);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _connectedAt = server.Time.GetTimestamp();
    private readonly ClientTally _tally = new(client, channel.Peer, server.Time);
    private volatile RequestTable? _requests;
    private volatile AccessKey? _key;
    private volatile bool _isLeaving;

    /// <summary>Who the client is.</summary>
    public PeerAddress Peer => channel.Peer;

    /// <summary>What logs call the client: its address and the name of its key, once it has shown one.</summary>
    public string Name => _key is { } key ? $"{Peer.Name} (key {key.Name})" : Peer.Name;

    /// <summary>What the client is called. Clients with a key have the share of that key, wherever they are.</summary>
    private ClientName ClientName => new(client, _key is { } key ? $"key {key.Name}" : Peer.Machine, Name);

    /// <summary>Whether the client may stay: its key was not removed, or it needs none.</summary>
    public bool HasValidKey => _key is not { } key || server.Keys!.IsValid(key);

    /// <summary>The client as people see it; null before it has been let in.</summary>
    public ClientStatus? Status => _requests is { } requests ? _tally.Look(requests.Count) : null;

    /// <summary>Whether the client was told to leave.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>Since when the client has had no request in flight of which all has come, as a timestamp; null while it has one. A request that is only begun keeps no one out.</summary>
    public long? IdleSince => _requests is { } requests ? requests.IdleSince : _connectedAt;

    /// <summary>Serves the client until either end disconnects. Never throws.</summary>
    public async Task RunAsync()
    {
        using var handles = new HandleTable(server.Models, server.Limits.MaxOpenModels, server.Time);
        Action onModelsChanged = () => _ = SendReplacedAsync(handles);
        server.Models.Changed += onModelsChanged;
        ClientMachine? machine = null;
        KeyAccount? account = null;
        try
        {
            var (terms, welcome) = await ServerHandshake.NegotiateAsync(_connection, server, ClientName).ConfigureAwait(false);
            account = ConnectByKey(terms.Key);
            machine = server.Machines.Enter(ClientName.Machine);
            _tally.Introduce(terms.Key?.Name, terms.Software);
            await _connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Welcome, 0, welcome)).ConfigureAwait(false);
            var requests = _requests = new(_connection, terms, server, machine, account, ClientName, _tally);
            _connection.HasStalledMessage = () => requests.HasStalled;
            await _connection.RunAsync(new RequestReader(_connection, requests, handles, terms, server)).ConfigureAwait(false);
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
            if (machine is not null) server.Machines.Leave(machine);
            account?.Disconnect();
            _closed.SetResult();
        }
    }

    /// <summary>Tells the client why it is not served, and closes the connection.</summary>
    public async Task RejectAsync(Refusal refusal)
    {
        server.Log.ConnectionRefused(Name, refusal.Message);
        await _connection.SendFinalErrorAsync(FinalError(refusal)).ConfigureAwait(false);
        _connection.Dispose();
    }

    /// <summary>Counts the client no more among those that are idle.</summary>
    public void BeginLeaving() => _isLeaving = true;

    /// <summary>Accepts no new requests, finishes those in flight, and closes the connection. Never throws.</summary>
    /// <param name="refusal">What requests are told that cross this; with <see cref="RefusalCode.ModelClosed"/> a client sends them again on another connection.</param>
    public async Task DrainAsync(Refusal refusal)
    {
        BeginLeaving();
        if (_requests is { } requests)
        {
            try
            {
                await _connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.GoAway, 0, new GoAway { Reason = (uint)refusal.Code })).AsTask().WaitAsync(DrainGrace, server.Time).ConfigureAwait(false);
                var drained = requests.DrainAsync(refusal);
                while (!drained.IsCompleted && !HasFallenSilent(requests)) await Task.WhenAny(drained, Task.Delay(DrainPeriod, server.Time)).ConfigureAwait(false);
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

    /// <summary>Counts the connection among those of the client's key.</summary>
    /// <returns>What the clients of the key take; null without a key.</returns>
    /// <exception cref="TailRefusedException">They have as many connections as they may, or the key was removed just now.</exception>
    private KeyAccount? ConnectByKey(AccessKey? key)
    {
        if (key is null) return null;
        // Looked at again once it can be seen, or a key that is removed in between would stay: of this and of a look at the file, each writes one place and then
        // reads the other's, so that one of them must see what the other has written.
        _key = key;
        Interlocked.MemoryBarrier();
        if (!HasValidKey) throw new TailRefusedException(RefusalCode.Unauthorized, "The client's key was removed. Give the client one that the server knows.");
        var account = server.Keys!.AccountOf(key);
        return account.TryConnect() is { } busy ? throw new TailRefusedException(busy.Code, busy.Message) { RetryAfter = busy.RetryAfter } : account;
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

    /// <summary>Whether all requests in flight are incomplete and no more of them arrives.</summary>
    private bool HasFallenSilent(RequestTable requests) =>
        requests.AreAllArriving && server.Time.GetElapsedTime(_connection.Reader.ReceivedAt) >= DrainPatience;

    /// <summary>The last message to the client. Who has no key that holds learns nothing of the load.</summary>
    private HeaderOnlyMessage FinalError(Refusal refusal) => server.Keys is null || (_key is not null && HasValidKey)
        ? LoadReport.Error(0, refusal, server.Scheduler, ClientName)
        : LoadReport.ErrorWithoutLoad(0, refusal);

    private async Task EndAsync(Exception exception)
    {
        switch (exception)
        {
            case TailRefusedException refused:
                await RejectAsync(new(refused.Code, refused.Message, refused.DifferingPartition, refused.RetryAfter)).ConfigureAwait(false);
                break;
            case ProtocolException { IsCutOff: true } gone:
                // One that is closed while it sends does this, which breaks no rule.
                server.Log.ConnectionLost(Name, gone);
                break;
            case ProtocolException broken:
                server.Log.ProtocolBroken(Name, broken);
                await _connection.SendFinalErrorAsync(FinalError(new(RefusalCode.ProtocolViolation, broken.Message))).ConfigureAwait(false);
                break;
            case TlsException insecure when _connection.Failure is null:
                server.Log.HandshakeFailed(Name, insecure.Message);
                break;
            case var lost when FrameConnection.IsLoss(lost) || lost is OperationCanceledException:
                server.Log.ConnectionLost(Name, _connection.Failure ?? lost);
                break;
            default:
                server.Log.ConnectionFailed(Name, exception);
                break;
        }
    }
}
