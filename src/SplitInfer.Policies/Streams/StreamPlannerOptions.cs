namespace SplitInfer.Policies.Streams;

/// <summary>What is asked of a stream.</summary>
public sealed class StreamPlannerOptions
{
    /// <summary>The longest that a frame may take from the choice of its route to its result, s. No limit by default.</summary>
    public double MaxLatencySeconds { get; init; } = double.PositiveInfinity;

    /// <summary>
    /// The part of device, links and servers that is used at most where frames come more slowly than they could be taken, above 0 to 1; 0.9 by default. Where they
    /// come faster all of it is used.
    /// </summary>
    public double Utilization { get; init; } = 0.9;

    /// <summary>Frames that come in a second. Null (the default): learned from when they come, as fast as possible at first.</summary>
    public double? FramesPerSecond { get; init; }

    /// <summary>The least accuracy (<see cref="ArmDescription.Accuracy"/>) of an arm that is taken, 0 to 1. 0 (the default) leaves all arms.</summary>
    public double MinAccuracy { get; init; }

    internal void Check()
    {
        if (!(MaxLatencySeconds > 0)) throw new ArgumentOutOfRangeException(nameof(MaxLatencySeconds), MaxLatencySeconds, "A latency must be more than 0.");
        if (!(Utilization > 0 && Utilization <= 1)) throw new ArgumentOutOfRangeException(nameof(Utilization), Utilization, "A utilisation must be above 0, at most 1.");
        if (FramesPerSecond is { } rate && !(rate > 0 && double.IsFinite(rate))) throw new ArgumentOutOfRangeException(nameof(FramesPerSecond), rate, "A rate must be more than 0 and finite.");
    }
}
