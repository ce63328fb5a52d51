namespace SplitInfer.Policies.MuLinUcb;

/// <summary>An arm as it looks under a deadline.</summary>
/// <param name="Arm">Its place; −1 for none.</param>
/// <param name="InTime">Probability that it answers in time.</param>
/// <param name="Expected">Expected accuracy of what the caller has at the deadline.</param>
/// <param name="Local">The arm that the device can run instead; −1 for none.</param>
/// <param name="IsSure">Whether there is an answer at the deadline nearly always.</param>
internal readonly record struct DeadlineOption(int Arm, double InTime, double Expected, int Local, bool IsSure)
{
    /// <summary>No arm.</summary>
    public static DeadlineOption None => new(-1, 0, 0, -1, IsSure: false);
}
