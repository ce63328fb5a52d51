namespace SplitInfer.Client.Policies;

/// <summary>What a policy chose for one request, with all that the policy needs to learn from it later.</summary>
public readonly record struct Decision
{
    /// <summary>The arm to take.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Whether the arm was taken to learn rather than because it looked best.</summary>
    public bool IsForced { get; init; }

    /// <summary>The delay that the policy expects, in seconds; NaN where it expects nothing.</summary>
    public double PredictedSeconds { get; init; }
}
