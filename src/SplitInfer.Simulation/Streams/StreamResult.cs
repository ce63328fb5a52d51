using System.Collections.Immutable;

namespace SplitInfer.Simulation.Streams;

/// <summary>What a contender made of a stream.</summary>
public sealed record StreamResult
{
    /// <summary>Who chose.</summary>
    public required StreamContender Contender { get; init; }

    /// <summary>Frames a second that had a result, over the whole time.</summary>
    public required double FramesPerSecond { get; init; }

    /// <summary>The same over what the programme with the true costs, all stages always busy, would have had in that time.</summary>
    public required double BoundRatio { get; init; }

    /// <summary>Median of what frames took, ms: from when they came or, where there is always another one, from the choice of their route.</summary>
    public required double P50Ms { get; init; }

    /// <summary>95th percentile of the same, ms.</summary>
    public required double P95Ms { get; init; }

    /// <summary>Frames without a result.</summary>
    public required int Dropped { get; init; }

    /// <summary>Frames that took longer than they may.</summary>
    public required int Late { get; init; }

    /// <summary>The part of the windows of 10 s in which 95 in 100 frames or more took no longer than they may.</summary>
    public required double WindowsInTime { get; init; }

    /// <summary>
    /// For each change after which as many frames as possible are other ones by a tenth: frames whose route was chosen after it until the planner expected what is true to a tenth, less
    /// those that were in flight. Empty for others than the planner.
    /// </summary>
    public ImmutableArray<int> RecoveryFrames { get; init; } = [];

    /// <summary>The most frames that were in flight.</summary>
    public required int MostInFlight { get; init; }
}
