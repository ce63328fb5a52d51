using SplitInfer.Client.Policies.Learning;

namespace SplitInfer.Client.Policies.Exploration;

/// <summary>
/// Samples of a device that was slow when it was last used and is not used any more: it may have cooled down. Where it
/// would then run everything, it is raced beside the best arm, which costs nothing; else the arm that would then be
/// best is tried, less and less often while it turns out to be too early.
/// </summary>
internal sealed class DeviceSamples
{
    private const double Slow = 1.1;
    private const int RaceInterval = 3;
    private const int FirstInterval = 12;
    private const int MaxInterval = 200;

    private int _interval = FirstInterval;

    /// <summary>Says what to sample, if anything, where the best arm is not the device.</summary>
    public Sample? Next(CostModel costs, int best)
    {
        if (costs.Device.Slowdown < Slow) _interval = FirstInterval;
        if (costs.Device.Slowdown < Slow || costs.Device.Measures(best)) return null;
        var hoped = best;
        foreach (var arm in costs.Arms.Remote) if (Hoped(costs, arm) < Hoped(costs, hoped)) hoped = arm;
        if (costs.Arms.AllowsOnDevice && Hoped(costs, costs.Arms.OnDevice) < Hoped(costs, hoped))
            return costs.Device.Unmeasured % RaceInterval == 0 ? new(best, IsRaced: true) : null;
        if (hoped == best || costs.Device.Unmeasured < _interval) return null;
        _interval = Math.Min(2 * _interval, MaxInterval);
        return new(hoped, IsRaced: false);
    }

    private static double Hoped(CostModel costs, int arm) => costs.Device.Nominal(arm) + costs.Remote(arm);
}
