using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>What to take when nothing is known of the link to a server: the arm that does best, on the whole, over bandwidths that links have.</summary>
internal static class FirstSample
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
            // Each bandwidth counts by how many times more than necessary the arm would cost.
            var regret = 0.0;
            for (var i = 0; i < lowest.Length; i++) regret += Cost(costs, arm, BitsPerSecond[i]) / lowest[i];
            if (regret < least) (safest, least) = (arm, regret);
        }

        return safest;
    }

    private static double Cost(CostModel costs, int arm, double bitsPerSecond)
    {
        var remote = costs.Device.Mean(arm) + costs.LinkOf(arm).Mean(0) + (costs.Bits(arm) / bitsPerSecond) + costs.Tail(arm);
        return costs.Arms.CanRace ? Math.Min(remote, RaceModel.Overhead * costs.Mean(costs.Arms.OnDevice)) : remote;
    }
}
