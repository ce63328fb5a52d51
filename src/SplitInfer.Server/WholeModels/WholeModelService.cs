using System.Collections.Concurrent;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.WholeModels;

/// <summary>
/// Runs whole models for clients of other protocols, which have no part of the model: the tail of the partition that leaves everything to the server, under
/// the limits, keys and turns of the frames. Thread-safe.
/// </summary>
/// <param name="server">What it shares with the connections of frames.</param>
internal sealed class WholeModelService(ServerContext server)
{
    private readonly ConcurrentDictionary<long, ForeignConnection> _connections = [];
    private long _clients;

    /// <summary>Sizes of the tensors of one request.</summary>
    public SizeLimits Sizes => server.Limits.Sizes;

    /// <summary>Whether clients need a key.</summary>
    public bool RequiresKeys => server.Keys is not null;

    /// <summary>The clients that are connected and have sent requests for outputs, in the order in which they came.</summary>
    public IEnumerable<ClientStatus> Clients => _connections.Values.Select(static connection => connection.Status).OfType<ClientStatus>().OrderByDescending(static client => client.Number);

    /// <summary>A connection begins over which requests come.</summary>
    /// <param name="peer">Where it comes from.</param>
    /// <param name="software">The software at its other end, as that says itself; null where it does not.</param>
    /// <param name="closed">Fires when it ends. One of which that is not known is not among <see cref="Clients"/>.</param>
    public ForeignConnection Connect(PeerAddress peer, string? software, CancellationToken closed)
    {
        var connection = new ForeignConnection(-Interlocked.Increment(ref _clients), peer, software, server);
        if (!closed.CanBeCanceled) return connection;
        _connections[connection.Number] = connection;
        closed.UnsafeRegister(_ => _connections.TryRemove(connection.Number, out var _), state: null);
        return connection;
    }

    /// <summary>Who a client is.</summary>
    /// <param name="peer">Where it connects from.</param>
    /// <param name="connection">Its connection, by <see cref="Connect"/>.</param>
    /// <param name="presented">The key that it has shown; null where it has shown none.</param>
    /// <exception cref="TailRefusedException">The server requires a key, and this is none that it knows.</exception>
    public ForeignClient Identify(PeerAddress peer, ForeignConnection connection, string? presented)
    {
        if (server.Keys is not { } keys)
        {
            connection.Introduce(key: null);
            return new(connection, new(connection.Number, peer.Machine, peer.Name), null);
        }

        if (string.IsNullOrEmpty(presented)) throw Unauthorized("The server requires a key. Send one that it knows as Authorization: Bearer KEY.");
        var key = keys.Find(presented) ?? throw Unauthorized("The server does not know this key. It may have been removed: send one that the server knows.");
        connection.Introduce(key.Name);
        return new(connection, new(connection.Number, $"key {key.Name}", $"{peer.Name} (key {key.Name})"), key);

        TailRefusedException Unauthorized(string message)
        {
            server.Log.ConnectionRefused(peer.Name, message);
            return new(RefusalCode.Unauthorized, message);
        }
    }

    /// <summary>Counts the memory of a request that is read before it is accepted, until what is returned is disposed.</summary>
    public Reservation Reserve(in ForeignClient client)
    {
        var machine = server.Machines.Enter(client.Name.Machine);
        return new(new(client.Connection.PromisedOf(machine), machine.Held), () => server.Machines.Leave(machine), server.Log);
    }

    /// <summary>Accepts a request before any of its tensors is received, or refuses it.</summary>
    /// <param name="client">Who sends it.</param>
    /// <param name="name">The model.</param>
    /// <param name="version">Its version; empty for the latest.</param>
    /// <param name="codec">How its tensors travel, for telemetry; null to tell nobody of the request.</param>
    /// <param name="withdrawn">Fires when nobody wants the outputs any more.</param>
    /// <returns>The request. Dispose it once, when its outputs have been sent.</returns>
    /// <exception cref="TailRefusedException">The request is refused.</exception>
    public WholeModelRequest Begin(in ForeignClient client, string name, string version, string? codec, CancellationToken withdrawn)
    {
        var account = client.Key is { } key ? server.Keys!.AccountOf(key) : null;
        if (account?.TryBegin() is { } tooMany) throw Refuse(tooMany);
        var lease = default(ModelLease);
        try
        {
            lease = server.Models.Open(new(name, version, default, default, default) { TakesAny = true });
            var partition = lease.Model.Plan.AllOnServer;
            if (!(partition.IsAdmissible || partition.IsDoubted) || lease.Model.Plan.Partitions.Length < 2)
                throw new TailRefusedException(RefusalCode.InvalidPartition, $"The server cannot run this model whole: {partition.InadmissibleReason ?? "it computes nothing"}. Use a SplitInfer client, whose device runs what cannot travel.");
            var offer = new TailJobTerms(lease.Model, partition.Index, Exit: 0, long.MaxValue, ExpectedSeconds: 0, Weight: 1, client.Name.Number, client.Name.Machine, BatchKey: 0);
            if (server.Scheduler.Offer(offer, out var arrival) is { } busy) throw codec is null ? busy.ToException() : Refuse(busy);
            return new(server, client, account, lease, offer, arrival, codec, withdrawn);
        }
        catch (Exception exception)
        {
            account?.End();
            lease.Dispose();
            if (exception is TailRefusedException refused && codec is not null) Record(client, lease.Model, codec, refused);
            throw;
        }
    }

    /// <summary>Accepts a request of the server's own, which no metric counts, to see whether a model runs.</summary>
    /// <exception cref="TailRefusedException">The request is refused.</exception>
    public WholeModelRequest BeginProbe(string name, string version)
    {
        var connection = Connect(new("this server", "this server"), software: null, CancellationToken.None);
        return Begin(new(connection, new(connection.Number, "this server", "this server"), Key: null), name, version, codec: null, CancellationToken.None);
    }

    /// <summary>A request was refused before it was read.</summary>
    private void Record(in ForeignClient client, IServedModel? model, string codec, TailRefusedException refused)
    {
        client.Connection.Show(new()
        {
            Client = client.Connection.Number,
            Model = model?.Name,
            Version = model?.Version,
            Refusal = refused.Code,
            Partition = 0,
            Codec = codec,
            BytesReceived = 0,
            BytesSent = 0,
            Receive = default,
            Decode = default,
            Queue = default,
            Run = default,
            Encode = default,
            Report = null,
        });
        server.Recorder.End(new()
        {
            Model = model?.Name,
            Client = client.Name.Text,
            Parent = default,
            BeganAt = server.Time.GetTimestamp(),
            Refusal = refused.Code,
            Reason = refused.Message,
            Partition = 0,
            Codec = codec,
            BytesReceived = 0,
            BytesSent = 0,
            Together = 1,
            ReceiveMicroseconds = 0,
            DecodeMicroseconds = 0,
            QueueMicroseconds = 0,
            RunMicroseconds = 0,
            EncodeMicroseconds = 0,
        });
    }

    private TailRefusedException Refuse(in Refusal refusal)
    {
        server.Log.RequestRefused(refusal);
        return refusal.ToException();
    }
}
