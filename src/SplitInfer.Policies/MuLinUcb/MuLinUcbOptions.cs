namespace SplitInfer.Policies.MuLinUcb;

/// <summary>The knobs of <see cref="MuLinUcbPolicy"/>.</summary>
internal sealed class MuLinUcbOptions
{
    /// <summary>Standard deviations by which an arm may be better than believed when it is tried.</summary>
    public double Optimism { get; init; } = 1.5;

    /// <summary>Requests that the device runs alone before one is raced.</summary>
    public int ForcedInterval { get; init; } = 10;

    /// <summary>Probability with which an arm may be late where the device has no answer by the deadline.</summary>
    public double LateRisk { get; init; } = 0.01;

    /// <summary>Probability with which a request may have no answer by the deadline although the device could give one, so that the device runs less often. It chooses no other arm.</summary>
    public double HedgeRisk { get; init; }

    public static MuLinUcbOptions From(PolicyOptions options) => new()
    {
        Optimism = options.Number("optimism", 1.5, min: 0),
        ForcedInterval = options.Whole("forcedInterval", 10, min: 1),
        LateRisk = options.Number("lateRisk", 0.01, min: 0, max: 1),
        HedgeRisk = options.Number("hedgeRisk", 0, min: 0, max: 1),
    };
}
