using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>The comparison of a partition with the whole model.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Difference">The largest difference over all outputs; bit-exactness refers to the whole model, not to expected outputs. Infinite if the partition did not run.</param>
/// <param name="Tolerance">The allowed difference of an element, divided by (1 + its magnitude).</param>
/// <param name="IsAsWhole">Whether the partition agrees with the whole model, regardless of expected outputs.</param>
/// <param name="Error">Why the partition did not run; null if it did.</param>
public sealed record PartitionVerdict(Partition Partition, TensorDifference Difference, double Tolerance, bool IsAsWhole, string? Error)
{
    /// <summary>Whether the partition ran and every element is within the tolerance.</summary>
    public bool IsOk => Error is null && Difference.IsWithin(Tolerance);
}
