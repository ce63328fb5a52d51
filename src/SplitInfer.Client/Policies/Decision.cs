namespace SplitInfer.Client.Policies;

/// <summary>What a policy chose for one request, with all that the policy needs to learn from it later.</summary>
public readonly record struct Decision
{
    /// <summary>The arm to take.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Whether the arm was taken to learn rather than because it looked best.</summary>
    public bool IsForced { get; init; }

    /// <summary>Whether the device goes on with the tail itself while the boundary travels, so that the first answer wins.</summary>
    public bool IsRaced { get; init; }

    /// <summary>
    /// Seconds, from the boundary's setting out, after which the reply is late: the device then goes on with the tail itself, and the
    /// first answer wins. 0 waits for the reply however long it takes.
    /// </summary>
    public double LateAfterSeconds { get; init; }

    /// <summary>The delay that the policy expects, in seconds; NaN where it expects nothing.</summary>
    public double PredictedSeconds { get; init; }

    /// <summary>The place of this decision among those of its policy, by which an observation that comes late is told from a fresh one.</summary>
    public long Sequence { get; init; }
}
