using SplitInfer.Partitioning;

namespace SplitInfer.Client.Policies;

/// <summary>What a policy chooses among: a partition together with the codec that carries its boundary.</summary>
/// <param name="Partition">Where the model is cut.</param>
/// <param name="Codec">Name of the codec; of no consequence where everything runs on the device.</param>
public sealed record Arm(Partition Partition, string Codec)
{
    /// <summary>The place of this arm among those that its policy chooses from.</summary>
    public int Index { get; init; }
}
