using System.Buffers.Binary;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>How the boundary and the tail's outputs of each partition of a plan are laid out. Made once for a plan; immutable.</summary>
internal sealed class PlanLayouts(PartitionPlan plan)
{
    private readonly (BoundaryLayout Boundary, BoundaryLayout Outputs)[] _ofPartition =
        [.. plan.Partitions.Select(static p => (BoundaryLayout.For(p.Boundary), BoundaryLayout.For(p.TailOutputs)))];

    /// <summary>How many partitions the plan has.</summary>
    public int Count => _ofPartition.Length;

    /// <summary>What every request states of the plan, so that a head of one plan can never meet a tail of another: the first 8 bytes of its fingerprint.</summary>
    public ulong Check { get; } = BinaryPrimitives.ReadUInt64LittleEndian(plan.Fingerprint.Bytes);

    /// <summary>The values that cross at partition <paramref name="index"/>.</summary>
    public BoundaryLayout Boundary(int index) => _ofPartition[index].Boundary;

    /// <summary>The outputs that the tail of partition <paramref name="index"/> yields.</summary>
    public BoundaryLayout Outputs(int index) => _ofPartition[index].Outputs;
}
