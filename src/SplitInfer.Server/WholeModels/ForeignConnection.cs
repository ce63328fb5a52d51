using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.WholeModels;

/// <summary>A connection over which requests of another protocol than the frames come, several at a time where the protocol has that. Thread-safe.</summary>
/// <param name="number">A number that no other connection of the server has had. It is negative: those of the frames are positive.</param>
/// <param name="peer">Where it comes from.</param>
/// <param name="software">The software at its other end, as that says itself.</param>
/// <param name="server">What it shares with other connections.</param>
internal sealed class ForeignConnection(long number, PeerAddress peer, string? software, ServerContext server)
{
    private readonly ClientTally _tally = new(number, peer, server.Time);
    private int _inFlight;

    // A machine is known only while it has connections or requests, and each request has its own key: one who shows several counts as one machine for each.
    private readonly ConditionalWeakTable<ClientMachine, ByteBudget> _promised = [];

    /// <summary>A number that no other connection of the server has had.</summary>
    public long Number => number;

    /// <summary>The client as people see it; null where it has sent no request for outputs.</summary>
    public ClientStatus? Status => _tally.Look(Volatile.Read(ref _inFlight)) is var status && (status.InFlight > 0 || status.LastRequestAt is not null) ? status : null;

    /// <summary>A request has shown a key, or none.</summary>
    public void Introduce(string? key) => _tally.Introduce(key, PeerText.Clean(software ?? ""));

    /// <summary>A request begins.</summary>
    public void Begin() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request that has begun has ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Tells those who watch of a request that has ended.</summary>
    public void Show(in RequestActivity request)
    {
        _tally.Add(request);
        if (server.Feed.IsWatched) server.Feed.Publish(request);
    }

    /// <summary>Bytes that its requests may come to, as part of those of their machine.</summary>
    public ByteBudget PromisedOf(ClientMachine machine) => _promised.GetValue(machine, known => new(server.Limits.MaxHeldBytesPerConnection, known.Promised));
}
