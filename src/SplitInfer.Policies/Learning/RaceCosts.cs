namespace SplitInfer.Policies.Learning;

/// <summary>What it costs to have the device run beside a server, by what <see cref="CostModel"/> knows.</summary>
internal static class RaceCosts
{
    /// <summary>A reply is late by this many standard deviations: one in some forty is where nothing has changed.</summary>
    private const double Lateness = 2;

    /// <summary>Expected cost of racing an arm against the device, s; of the arm alone where it cannot be raced.</summary>
    public static double Raced(this CostModel costs, int arm) => costs.Arms.CanRace ? Math.Min(costs.Mean(arm), RaceModel.Overhead * costs.DeviceBeside(arm)) : costs.Mean(arm);

    /// <summary>Expected cost of what the device does in a race with an arm, s, but for the overhead: it may have to run the head of another variant first.</summary>
    public static double DeviceBeside(this CostModel costs, int arm)
    {
        var standIn = costs.StandIn(arm);
        return costs.Arms[standIn].Variant == costs.Arms[arm].Variant ? costs.Mean(standIn) : costs.Device.Head(arm) + costs.Mean(standIn);
    }

    /// <summary>The local arm that stands in for a remote one where it is raced: its own variant, or the one that stands for the device where that is faster although it begins anew.</summary>
    public static int StandIn(this CostModel costs, int arm)
    {
        var (own, onDevice) = (costs.Arms.LocalOf(arm), costs.Arms.OnDevice);
        return own >= 0 && (own == onDevice || costs.Mean(own) <= costs.Device.Head(arm) + costs.Mean(onDevice)) ? own : onDevice;
    }

    /// <summary>Seconds from the start of encoding after which the reply to an arm's request is late, s.</summary>
    public static double LateAfter(this CostModel costs, int arm) => costs.Device.Encode(arm) + costs.Remote(arm) + (Lateness * costs.Deviation(arm));
}
