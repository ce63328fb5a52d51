using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>What is known of one value.</summary>
/// <param name="Spec">Its type and dimensions.</param>
/// <param name="NominalShape">Its dimensions for the sizes that the plan is made with; default where the rank is unknown.</param>
/// <param name="NotTransferableReason">Why it cannot be transferred, as a text that follows its name; null if it can. Client and server agree on it.</param>
/// <param name="Doubt">Why this end does not send it, in such words: a run has contradicted what is known of it. Null if none has.</param>
internal sealed record ValueEntry(TensorSpec Spec, ImmutableArray<long> NominalShape, string? NotTransferableReason, string? Doubt = null)
{
    // Sizes may have any product; this one leaves room for the sum of all values of a graph.
    private const long MaxBytes = 1L << 40;

    /// <summary>Whether <see cref="NominalBytes"/> is the size of the value.</summary>
    public bool IsSized => !NominalShape.IsDefault;

    /// <summary>Bytes for the sizes that the plan is made with, at most 1 TiB; 0 if they are unknown.</summary>
    public long NominalBytes { get; } = NominalShape.IsDefault || NotTransferableReason is not null ? 0
        : (long)Math.Ceiling(Math.Min(MaxBytes, NominalShape.Aggregate(Spec.Type.BitWidth() / 8.0, static (product, size) => product * size)));
}
