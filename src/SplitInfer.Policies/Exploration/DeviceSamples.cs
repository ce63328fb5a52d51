using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Samples of a device that was slow when it was last used and is not used any more: it may have cooled down. Where it
/// would then run everything, it is raced beside the best arm, which costs nothing; else the arm that would then be
/// best is tried.
/// </summary>
/// <remarks>
/// Trying every K decisions costs price/K each, and finds a recovery K/2 decisions late, at the gain that is missed. With
/// a device taken to stay slow for about as long as it has been, T, that is least at K = √(2·T·price/gain).
/// </remarks>
internal sealed class DeviceSamples
{
    private const double Slow = 1.1;
    private const int RaceInterval = 3;
    private const int MinInterval = 4;
    private const int MinSlowness = 50;

    private int _slowness;

    /// <summary>Says what to sample, if anything, where the best arm is not the device.</summary>
    public Sample? Next(CostModel costs, int best)
    {
        _slowness = costs.Device.Slowdown > Slow ? _slowness + 1 : 0;
        if (_slowness == 0 || costs.Device.Measures(best)) return null;
        var hoped = best;
        foreach (var server in costs.Open)
            foreach (var arm in costs.Arms.ExploredOf(server)) if (Hoped(costs, arm) < Hoped(costs, hoped)) hoped = arm;
        if (Hoped(costs, costs.Arms.OnDevice) < Hoped(costs, hoped))
        {
            if (costs.Arms.CanRace) return costs.Device.Unmeasured % RaceInterval == 0 ? new(best, IsRaced: true) : null;
            hoped = costs.Arms.OnDevice;
        }

        if (hoped == best) return null;
        var (price, gain) = (costs.Mean(hoped) - costs.Mean(best), costs.Mean(best) - Hoped(costs, hoped));
        var interval = Math.Sqrt(2 * Math.Max(_slowness, MinSlowness) * price / gain);
        return costs.Device.Unmeasured > Math.Max(interval, MinInterval) ? new(hoped, IsRaced: false) : null;
    }

    private static double Hoped(CostModel costs, int arm) => costs.Device.Nominal(arm) + costs.Remote(arm);
}
