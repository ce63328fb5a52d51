using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>Chooses the first arm for a server whose link is unknown: the arm with the smallest average regret over a range of common bandwidths.</summary>
internal static class InitialExploration
{
    private static ReadOnlySpan<double> BitsPerSecond => [1e6, 4e6, 16e6, 64e6, 256e6];

    public static int Choose(CostModel costs, int server)
    {
        var arms = costs.Arms.ExploredOf(server);
        Span<double> lowest = stackalloc double[BitsPerSecond.Length];
        lowest.Fill(double.PositiveInfinity);
        foreach (var arm in arms)
            for (var i = 0; i < lowest.Length; i++) lowest[i] = Math.Min(lowest[i], Cost(costs, arm, BitsPerSecond[i]));

        var (safest, least) = (arms[0], double.PositiveInfinity);
        foreach (var arm in arms)
        {
            // Regret is relative: the cost of the arm over the lowest cost at that bandwidth.
            var regret = 0.0;
            for (var i = 0; i < lowest.Length; i++) regret += Cost(costs, arm, BitsPerSecond[i]) / lowest[i];
            if (regret < least) (safest, least) = (arm, regret);
        }

        return safest;
    }

    // A request that an exit answers shows nothing, so that so many more are needed.
    private static double Cost(CostModel costs, int arm, double bitsPerSecond)
    {
        var remote = costs.CostWith(arm, costs.LinkOf(arm).Mean(0) + (costs.Bits(arm) / bitsPerSecond) + costs.Tail(arm));
        return (costs.Arms.CanRace ? Math.Min(remote, RaceModel.Overhead * costs.Mean(costs.Arms.OnDevice)) : remote) / costs.Exits.Stay(arm);
    }
}
