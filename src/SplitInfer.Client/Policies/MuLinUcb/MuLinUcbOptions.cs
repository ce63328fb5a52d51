namespace SplitInfer.Client.Policies.MuLinUcb;

/// <summary>The knobs of <see cref="MuLinUcbPolicy"/>.</summary>
internal sealed class MuLinUcbOptions
{
    /// <summary>Standard deviations by which an arm may be better than believed when it is tried.</summary>
    public double Optimism { get; init; } = 1.5;

    /// <summary>Requests that the device runs alone before one is raced.</summary>
    public int ForcedInterval { get; init; } = 10;

    public static MuLinUcbOptions From(PolicyOptions options) => new()
    {
        Optimism = options.Number("optimism", 1.5, min: 0),
        ForcedInterval = options.Whole("forcedInterval", 10, min: 1),
    };
}
