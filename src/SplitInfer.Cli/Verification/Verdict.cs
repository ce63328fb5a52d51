using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>How a partition compares with the whole model.</summary>
/// <param name="Partition">Where the model was cut.</param>
/// <param name="Difference">The largest difference over all outputs; bit-exactness is against the whole model, not against known outputs.</param>
/// <param name="IsOk">Whether every element is within the tolerance.</param>
/// <param name="Error">Why the partition did not run; null where it did.</param>
internal sealed record Verdict(Partition Partition, TensorDifference Difference, bool IsOk, string? Error);
