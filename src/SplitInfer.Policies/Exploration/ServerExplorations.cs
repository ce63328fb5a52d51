using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>The <see cref="ServerExploration"/> of each server, and what concerns all of them. Not thread-safe.</summary>
internal sealed class ServerExplorations
{
    private readonly ServerExploration[] _servers;
    private readonly ShadowExploration[] _shadows;
    private ulong _unavailable;

    /// <param name="servers">The number of servers.</param>
    /// <param name="interval">Maximum number of decisions between two races of one server while the device is best.</param>
    public ServerExplorations(int servers, int interval)
    {
        _servers = [.. Enumerable.Range(0, servers).Select(server => new ServerExploration(server, servers, interval))];
        _shadows = [.. Enumerable.Range(0, servers).Select(server => new ShadowExploration(server, servers))];
    }

    /// <summary>Those of all servers.</summary>
    public ReadOnlySpan<ServerExploration> All => _servers;

    /// <summary>That of a server.</summary>
    public ServerExploration this[int server] => _servers[server];

    /// <summary>Takes note of which servers are unavailable. One that is available again may have changed meanwhile.</summary>
    public void NoteReturns(ulong unavailable)
    {
        for (var server = 0; server < _servers.Length && _unavailable != unavailable; server++)
            if (((_unavailable & ~unavailable) >> server & 1) != 0) _servers[server].Changed();
        _unavailable = unavailable;
    }

    /// <summary>A server that has not replied yet and owes no reply, or −1. Key frames are not spent on it if another server is known.</summary>
    public int Unknown(CostModel costs, in DecisionContext context, long sequence)
    {
        if (context.Quality.IsKey && costs.Open.Length > 0) return -1;
        for (var server = 0; server < _servers.Length; server++)
            if (!costs.Servers[server].Link.IsKnown && costs.Arms.RemoteOf(server).Length > 0 && !_servers[server].IsWaiting(sequence)) return server;
        return -1;
    }

    /// <summary>Counts a decision.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="home">The server of the best arm, or <see cref="Arm.OnDevice"/>.</param>
    public void Count(CostModel costs, int home)
    {
        foreach (var server in costs.Open)
        {
            if (server == home)
            {
                _servers[server].Reset();
                _shadows[server].Reset();
            }
            else
            {
                _servers[server].Count();
                _shadows[server].Count();
            }
        }
    }

    /// <summary>A server or its link has just changed, so all of them are looked at soon.</summary>
    public void Changed(int server)
    {
        _servers[server].Changed();
        foreach (var shadow in _shadows) shadow.Changed();
    }

    /// <summary>The counterpart of the best arm that is the first request to a server which has not answered yet; −1 where it has none. Beside a server in use that costs next to nothing.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="best">The best arm.</param>
    /// <param name="server">A server that <see cref="Unknown"/> names.</param>
    /// <param name="sequence">The decision.</param>
    public int Meet(CostModel costs, int best, int server, long sequence)
    {
        if (costs.Arms[best].IsOnDevice || !_servers[server].MayBeginWithShadow || !costs.Open.Contains(costs.Arms[best].Server)) return -1;
        var counterpart = costs.Arms.CounterpartOf(best, server);
        if (counterpart >= 0) _servers[server].BeginWithShadow(sequence);
        return counterpart;
    }

    /// <summary>The exit of a request answered, so that no server was sent anything.</summary>
    public void Left(in Decision decision)
    {
        _servers[decision.Arm.Server].Left(decision.Sequence);
        if (decision.Shadow is not { } shadow) return;
        _servers[shadow.Server].Left(decision.Sequence);
        _shadows[shadow.Server].Left();
    }

    /// <summary>The arm of another server to which the boundary of the best arm is sent as well, at a decision that was counted; −1 for none.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="best">The best arm, which is a server's.</param>
    /// <param name="sequence">The decision.</param>
    public int NextShadow(CostModel costs, int best, long sequence)
    {
        foreach (var server in costs.Open)
        {
            if (server == costs.Arms[best].Server || _servers[server].IsWaiting(sequence)) continue;
            var counterpart = _shadows[server].Next(costs, best);
            if (counterpart < 0) continue;
            _servers[server].Begin(sequence);
            return counterpart;
        }

        return -1;
    }

    /// <summary>The arm to explore at a decision that was counted, of a server that the best arm does not use, or −1.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="best">The best arm.</param>
    /// <param name="promising">The optimistic choice, which may be <paramref name="best"/>.</param>
    /// <param name="sequence">The decision.</param>
    public int Next(CostModel costs, int best, int promising, long sequence)
    {
        foreach (var server in costs.Open)
        {
            if (server == costs.Arms[best].Server) continue;
            var arm = _servers[server].Next(costs, best, promising, sequence);
            if (arm >= 0) return arm;
        }

        return -1;
    }
}
