using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Exploration;

/// <summary>
/// Decides when to use a device again that was slow when it was last measured: it may have cooled down. If the recovered device
/// would run everything, it is raced against the best arm, which costs nothing; otherwise the arm that would then be best is tried.
/// </summary>
/// <remarks>
/// A trial every K decisions costs price/K per decision and detects a recovery K/2 decisions late, which costs the missed gain. If the
/// device is assumed to stay slow for about as long as it has been slow, T, the total is smallest at K = √(2·T·price/gain).
/// </remarks>
internal sealed class DeviceExploration
{
    private const double Slow = 1.1;
    private const int RaceInterval = 3;
    private const int MinInterval = 4;
    private const int MinSlowness = 50;

    private int _slowness;

    /// <summary>Returns the arm to explore, if any, where the best arm is not the device.</summary>
    public ExploratoryArm? Next(CostModel costs, int best)
    {
        _slowness = costs.Device.Slowdown > Slow ? _slowness + 1 : 0;
        if (_slowness == 0 || costs.Device.Measures(best)) return null;
        var hoped = best;
        foreach (var server in costs.Open)
            foreach (var arm in costs.Arms.ExploredOf(server)) if (IfRecovered(costs, arm) < IfRecovered(costs, hoped)) hoped = arm;
        if (costs.Arms.AllowsDevice && IfRecovered(costs, costs.Arms.OnDevice) < IfRecovered(costs, hoped))
        {
            if (costs.Arms.CanRace) return costs.Device.Unmeasured % RaceInterval == 0 ? new(best, IsRaced: true) : null;
            hoped = costs.Arms.OnDevice;
        }

        if (hoped == best) return null;
        var (price, gain) = (costs.Mean(hoped) - costs.Mean(best), costs.Mean(best) - IfRecovered(costs, hoped));
        var interval = Math.Sqrt(2 * Math.Max(_slowness, MinSlowness) * price / gain);
        return costs.Device.Unmeasured > Math.Max(interval, MinInterval) ? new(hoped, IsRaced: false) : null;
    }

    private static double IfRecovered(CostModel costs, int arm) => costs.NominalDevice(arm) + (costs.Arms[arm].IsOnDevice ? 0 : costs.Remote(arm));
}
