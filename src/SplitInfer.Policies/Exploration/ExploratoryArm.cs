namespace SplitInfer.Policies.Exploration;

/// <summary>An arm that is taken in order to learn.</summary>
/// <param name="Arm">Its index.</param>
/// <param name="IsRaced">Whether the device runs everything beside it.</param>
internal readonly record struct ExploratoryArm(int Arm, bool IsRaced);
