namespace SplitInfer.Policies.Streams;

/// <summary>The route that was chosen for a frame.</summary>
public readonly record struct StreamDecision
{
    /// <summary>The arm to take.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Number of this decision among those of its planner, from 1 on. The device runs frames in this order.</summary>
    public required long Sequence { get; init; }

    /// <summary>Seconds from the decision to the result that are expected, waits behind other frames included.</summary>
    public double PredictedSeconds { get; init; }

    /// <summary>Whether the arm was taken in order to learn rather than because the plan asks for it.</summary>
    public bool IsProbe { get; init; }
}
