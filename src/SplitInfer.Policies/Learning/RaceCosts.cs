namespace SplitInfer.Policies.Learning;

/// <summary>What it costs to have the device run beside a server, by what <see cref="CostModel"/> knows.</summary>
internal static class RaceCosts
{
    /// <summary>A reply is late by this many standard deviations: one in some forty is where nothing has changed.</summary>
    private const double Lateness = 2;

    /// <summary>Expected cost of racing an arm against the device, s; of the arm alone where it cannot be raced.</summary>
    public static double Raced(this CostModel costs, int arm) => costs.Arms.CanRace ? Math.Min(costs.Mean(arm), RaceModel.Overhead * costs.DeviceBeside(arm)) : costs.Mean(arm);

    /// <summary>Expected cost of what the device does in a race with an arm, s, but for the overhead. It ends at the arm's exit where that answers.</summary>
    public static double DeviceBeside(this CostModel costs, int arm)
    {
        var stay = costs.Exits.Stay(arm);
        return stay < 1 ? ((1 - stay) * costs.Ahead(arm)) + (stay * costs.DeviceUnanswered(arm)) : costs.DeviceUnanswered(arm);
    }

    /// <summary>The same for a request that the arm's exit does not answer: the device may have to run the head of another variant first.</summary>
    public static double DeviceUnanswered(this CostModel costs, int arm) => costs.With(arm, costs.StandIn(arm));

    /// <summary>The local arm that stands in for a remote one where it is raced: its own variant, or the one that stands for the device where that is faster although it begins anew.</summary>
    public static int StandIn(this CostModel costs, int arm)
    {
        var (own, onDevice) = (costs.Arms.LocalOf(arm), costs.Arms.OnDevice);
        if (own < 0) return costs.IsReached(arm, onDevice) ? onDevice : costs.Arms.Main;
        return own == onDevice || !costs.IsReached(arm, onDevice) || costs.With(arm, own) <= costs.With(arm, onDevice) ? own : onDevice;
    }

    /// <summary>Seconds from the start of encoding after which the reply to an arm's request is late, s.</summary>
    public static double LateAfter(this CostModel costs, int arm) => costs.Device.Encode(arm) + costs.Offload(arm) + (Lateness * costs.Deviation(arm));

    // In its own variant the device goes on from the cut.
    private static bool IsReached(this CostModel costs, int arm, int local) => costs.Arms[local].Variant != costs.Arms[arm].Variant || costs.Arms.CanGoOn(arm, local);

    private static double With(this CostModel costs, int arm, int local)
    {
        var mean = costs.Exits.Stay(local) < 1 && costs.Exits.Stay(arm) < 1 ? costs.WhereAnotherFailed(local, costs.Exits.Stay(arm)) : costs.Mean(local);
        return costs.Arms[local].Variant == costs.Arms[arm].Variant ? mean : costs.Device.Head(arm) + mean;
    }

    // An input that one exit did not answer is harder than others: what a better one answers beside it is (q' − q)/(1 − q) of these.
    private static double WhereAnotherFailed(this CostModel costs, int local, double stay)
    {
        var left = Math.Min(1, costs.Exits.Stay(local) / stay);
        return costs.Ahead(local) + (left * (costs.Unanswered(local) - costs.Ahead(local)));
    }
}
