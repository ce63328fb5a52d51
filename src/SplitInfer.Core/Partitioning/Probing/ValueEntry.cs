using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>What is known of one value.</summary>
/// <param name="Spec">Its type and dimensions.</param>
/// <param name="NominalShape">Its dimensions for the sizes that the plan is made with; default where the rank is not known.</param>
/// <param name="Obstacle">Why it cannot travel, in words that follow its name; null where it can.</param>
internal sealed record ValueEntry(TensorSpec Spec, ImmutableArray<long> NominalShape, string? Obstacle)
{
    /// <summary>Bytes for the sizes that the plan is made with; 0 where they are not known.</summary>
    public double NominalBytes => NominalShape.IsDefault || Obstacle is not null ? 0
        : Math.Ceiling(NominalShape.Aggregate(Spec.Type.BitWidth() / 8.0, static (product, size) => product * size));
}
