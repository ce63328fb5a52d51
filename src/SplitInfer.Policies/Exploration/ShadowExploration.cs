using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Decides when the boundary of a request is sent to a second server as well (<see cref="Decision.Shadow"/>). That shows whether the server or its
/// link has become faster, and costs the request next to nothing, while a request that used the server instead would pay for its slowness.
/// Not thread-safe.
/// </summary>
/// <param name="server">The second server.</param>
/// <param name="servers">The number of servers, which share what is sent in vain.</param>
internal sealed class ShadowExploration(int server, int servers)
{
    /// <summary>Decisions between two shadows, over all servers: at most one boundary in ten is sent twice.</summary>
    private const int MinInterval = 10;

    /// <summary>The cost of a shadow, and what is gained by using a server that became faster, as parts of a request.</summary>
    private const double Price = RaceModel.ShadowOverhead - 1, Gain = 0.25;

    private const int MinStay = 50;

    private int _since;
    private int _stay;
    private bool _hasChanged;

    /// <summary>A decision whose best arm is on the server.</summary>
    public void Reset() => (_since, _stay, _hasChanged) = (0, 0, false);

    /// <summary>Counts a decision whose best arm is on another server.</summary>
    public void Count()
    {
        _since++;
        _stay++;
    }

    /// <summary>The exit of a request answered, so that its boundary was not sent anywhere: another shadow is due at once.</summary>
    public void Left() => _hasChanged = true;

    /// <summary>A link or a server has just changed, so the others are looked at soon.</summary>
    public void Changed() => (_stay, _hasChanged) = (0, true);

    /// <summary>Returns the server's counterpart of an arm that is about to be taken, or −1 if no shadow is due.</summary>
    /// <param name="costs">Estimated costs of the arms.</param>
    /// <param name="arm">An arm of another server.</param>
    public int Next(CostModel costs, int arm)
    {
        // The interval at which the cost of looking and that of finding out late are smallest together, as in ServerExploration.
        var interval = Math.Max(MinInterval * (servers - 1), Math.Sqrt(2 * Math.Max(_stay, MinStay) * Price / Gain));
        if ((_since <= interval && !_hasChanged) || !MayWin(costs, costs.Mean(arm))) return -1;
        var counterpart = costs.Arms.CounterpartOf(arm, server);
        if (counterpart >= 0) (_since, _hasChanged) = (0, false);
        return counterpart;
    }

    // Whether the server would be the best choice if its link and its machine took no time.
    private bool MayWin(CostModel costs, double least)
    {
        var link = costs.Servers[server].Link.Delay.WithTransferShare(0);
        foreach (var arm in costs.Arms.ExploredOf(server))
            if (costs.CostWith(arm, link.Mean(costs.Bits(arm))) < least) return true;
        return false;
    }
}
