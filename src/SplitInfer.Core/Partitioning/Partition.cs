using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>One way to cut the model: the first <see cref="Index"/> compute nodes are the head, the rest the tail.</summary>
public sealed class Partition
{
    /// <summary>The partition k: 0 runs everything on the server, the last one everything on the device.</summary>
    public required int Index { get; init; }

    /// <summary>The values that cross the cut, in the order in which they are sent. Empty for the last partition.</summary>
    public required ImmutableArray<TensorSpec> Boundary { get; init; }

    /// <summary>The model's outputs that the tail computes, in the order in which they are sent back; the device has the others.</summary>
    public required ImmutableArray<TensorSpec> TailOutputs { get; init; }

    /// <summary>Bytes of the boundary, uncompressed, for the shapes that the plan was made with.</summary>
    public required long BoundaryBytes { get; init; }

    /// <summary>Work on the device.</summary>
    public required SegmentCost Head { get; init; }

    /// <summary>Work on the server.</summary>
    public required SegmentCost Tail { get; init; }

    /// <summary>Why the partition cannot be used: it cannot be made, or <see cref="PlanOptions"/> exclude it. Null if it can be used.</summary>
    public required string? InadmissibleReason { get; init; }

    /// <summary>Whether the cut can be made, even if <see cref="PlanOptions"/> exclude it. Client and server agree on it.</summary>
    internal bool IsPossible { get; init; }

    /// <summary>Whether only this side excludes the partition, because a run here contradicted what the model states about a value.</summary>
    internal bool IsDoubted { get; init; }

    /// <summary>Whether the partition can be used.</summary>
    public bool IsAdmissible => InadmissibleReason is null;

    /// <summary>Whether the partition can be the fastest: no earlier admissible partition has a boundary as small.</summary>
    public required bool IsArm { get; init; }

    /// <summary>Index, what crosses the cut, and the work on both sides, on one line.</summary>
    public override string ToString() =>
        $"partition {Index}: {(Boundary.IsEmpty ? "nothing crosses" : $"{string.Join(", ", Boundary)} ({BoundaryBytes} bytes)")}, {Head.Nodes} nodes on the device, {Tail.Nodes} on the server"
        + (InadmissibleReason is { } reason ? $"; not usable: {reason}" : IsArm ? "; arm" : "");
}
