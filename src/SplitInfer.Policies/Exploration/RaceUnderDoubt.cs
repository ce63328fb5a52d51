using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Finds a race that is expected to cost less than the device although every arm costs more on average: if delays scatter widely, the
/// reply often comes first.
/// </summary>
internal static class RaceUnderDoubt
{
    /// <summary>What a race must be expected to save, relative to the device's cost.</summary>
    private const double MinGain = 0.02;

    /// <summary>The arm to race, or −1. Considers servers whose replies have recently been overdue, whether or not one is overdue now.</summary>
    public static int Choose(CostModel costs, ReadOnlySpan<ServerExploration> servers)
    {
        if (!costs.Arms.CanRace) return -1;
        var (chosen, least) = (-1, (1 - MinGain) * costs.Mean(costs.Arms.OnDevice));
        for (var server = 0; server < servers.Length; server++)
        {
            if (!servers[server].IsVolatile || !costs.Servers[server].Link.IsKnown) continue;
            foreach (var arm in costs.Arms.ExploredOf(server))
            {
                var cost = Cost(costs, arm) + costs.Toll(arm);
                if (cost < least) (chosen, least) = (arm, cost);
            }
        }

        return chosen;
    }

    // Of what an exit leaves: E min(device, x) = device − E(device − x)⁺ for a normal x that is never negative.
    private static double Cost(CostModel costs, int arm)
    {
        var stay = costs.Exits.Stay(arm);
        var (mean, deviation) = (costs.Unanswered(arm), costs.Deviation(arm));
        var device = RaceModel.Overhead * (stay < 1 ? costs.DeviceUnanswered(arm) : costs.Mean(costs.Arms.OnDevice));
        var raced = device - Shortfall((device - mean) / deviation, deviation) + Shortfall(-mean / deviation, deviation);
        return stay < 1 ? ((1 - stay) * costs.Ahead(arm)) + (stay * raced) : raced;
    }

    // E(b − x)⁺ of a normal x whose mean is z standard deviations below b.
    private static double Shortfall(double z, double deviation)
    {
        var below = TruncatedNormal.Above(-z);
        return below.Probability * (below.Mean + z) * deviation;
    }
}
