using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>How a partition compares with the whole model.</summary>
/// <param name="Partition">Where the model was cut.</param>
/// <param name="Difference">The largest difference over all outputs; bit-exactness is against the whole model, not against known outputs. Infinite where the partition did not run.</param>
/// <param name="Tolerance">What an element may differ by, times (1 + its magnitude).</param>
/// <param name="IsAsWhole">Whether the partition agrees with the whole model, whatever known outputs say.</param>
/// <param name="Error">Why the partition did not run, in words; null where it did.</param>
public sealed record PartitionVerdict(Partition Partition, TensorDifference Difference, double Tolerance, bool IsAsWhole, string? Error)
{
    /// <summary>Whether the partition ran and every element is within the tolerance.</summary>
    public bool IsOk => Error is null && Difference.IsWithin(Tolerance);
}
