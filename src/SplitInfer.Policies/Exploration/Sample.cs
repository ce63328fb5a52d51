namespace SplitInfer.Policies.Exploration;

/// <summary>An arm that is taken for what it teaches.</summary>
/// <param name="Arm">Its place.</param>
/// <param name="IsRaced">Whether the device runs everything beside it.</param>
internal readonly record struct Sample(int Arm, bool IsRaced);
