using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>One way to cut the model: the first <see cref="Index"/> compute nodes are the head, the rest the tail.</summary>
public sealed class Partition
{
    /// <summary>The partition k: 0 runs everything on the server, the last one everything on the device.</summary>
    public required int Index { get; init; }

    /// <summary>The values that cross the cut, in the order in which they travel. Empty for the last partition.</summary>
    public required ImmutableArray<TensorSpec> Boundary { get; init; }

    /// <summary>The model's outputs that the tail yields, in the order in which they travel back; the others are finished on the device.</summary>
    public required ImmutableArray<TensorSpec> TailOutputs { get; init; }

    /// <summary>Bytes of the boundary, uncompressed, for the shapes that the plan was made with.</summary>
    public required long BoundaryBytes { get; init; }

    /// <summary>Work on the device.</summary>
    public required SegmentCost Head { get; init; }

    /// <summary>Work on the server.</summary>
    public required SegmentCost Tail { get; init; }

    /// <summary>Why the cut cannot be made; null where it can.</summary>
    public required string? Refusal { get; init; }

    /// <summary>Whether the cut can be made at all, whatever <see cref="PlanOptions"/> rule out. Both ends agree on it.</summary>
    internal bool IsPossible { get; init; }

    /// <summary>Whether the cut is refused at this end alone, because a run here has contradicted what is known of a value.</summary>
    internal bool IsDoubted { get; init; }

    /// <summary>Whether the cut can be made.</summary>
    public bool IsAdmissible => Refusal is null;

    /// <summary>Whether the cut can win: no earlier admissible one has a boundary as small.</summary>
    public required bool IsArm { get; init; }
}
