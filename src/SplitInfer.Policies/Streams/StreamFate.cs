namespace SplitInfer.Policies.Streams;

/// <summary>What became of a frame of a stream.</summary>
public enum StreamFate
{
    /// <summary>It has a result in time.</summary>
    Completed,

    /// <summary>It has a result, or none, later than <see cref="StreamPlannerOptions.MaxLatencySeconds"/>.</summary>
    Late,

    /// <summary>It has an error.</summary>
    Failed,

    /// <summary>It was given up after its route had been chosen, before or while it ran.</summary>
    Dropped,
}
