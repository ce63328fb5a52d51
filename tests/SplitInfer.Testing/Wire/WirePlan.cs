using System.Collections.Immutable;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Wire;

/// <summary>A plan of no model, with one partition for each kind of boundary.</summary>
internal static class WirePlan
{
    /// <summary>Partition whose boundary and output are fixed: <c>x</c> float32 4, <c>y</c> float32 2.</summary>
    public const int Fixed = 0;

    /// <summary>Partition with a symbol and several values each way: <c>h</c> float32 n×3, <c>s</c> int64 scalar; <c>y</c> float32 2, <c>z</c> float32 n.</summary>
    public const int Symbolic = 1;

    /// <summary>Partition that is not admissible.</summary>
    public const int Inadmissible = 2;

    /// <summary>Partition whose boundary and output take several frames: <c>big</c> and <c>large</c>, <see cref="LargeBytes"/> each.</summary>
    public const int Large = 3;

    /// <summary>Partition without a tail.</summary>
    public const int OnDevice = 4;

    public const int LargeBytes = 1_000_000;

    private static readonly TensorSpec Y = new("y", ElementType.Float32, Dimension.Fixed(2));

    public static PartitionPlan Plan { get; } = PlanOf(model: 1, plan: 2);

    /// <summary>What requests state of <see cref="Plan"/>.</summary>
    public const ulong Check = 0x0202020202020202;

    /// <summary>SHA-256 digests that tell apart what must be.</summary>
    public static Fingerprint Digest(byte value) => new([.. Enumerable.Repeat(value, Fingerprint.Size)]);

    /// <summary>Tensors with seeded content that a partition's boundary accepts; its symbol is <paramref name="n"/>.</summary>
    public static TensorValue[] Boundary(int partition, int n = 2, int seed = 1) => [.. Plan.Partitions[partition].Boundary.Select(v => Fill(v, n, seed))];

    /// <summary>Tensors that a partition's outputs accept.</summary>
    public static TensorValue[] Outputs(int partition, int n = 2, int seed = 2) => [.. Plan.Partitions[partition].TailOutputs.Select(v => Fill(v, n, seed))];

    private static TensorValue Fill(TensorSpec value, int n, int seed)
    {
        var tensor = TensorValue.Allocate(value.Type, new([.. value.Dimensions.Select(d => d.IsFixed ? d.Size : n)]));
        new Random(seed).NextBytes(tensor.Bytes.Span);
        return tensor;
    }

    /// <summary>The same plan of another model.</summary>
    /// <param name="model">Every byte of the model's fingerprint.</param>
    /// <param name="plan">Every byte of the plan's.</param>
    /// <param name="outputs">How many of the outputs it has.</param>
    public static PartitionPlan PlanOf(byte model, byte plan, int outputs = 3)
    {
        var n = Dimension.Symbolic("n");
        var x = new TensorSpec("x", ElementType.Float32, Dimension.Fixed(4));
        var h = new TensorSpec("h", ElementType.Float32, n, Dimension.Fixed(3));
        var s = new TensorSpec("s", ElementType.Int64);
        var z = new TensorSpec("z", ElementType.Float32, n);
        var big = new TensorSpec("big", ElementType.UInt8, Dimension.Fixed(LargeBytes));
        var large = new TensorSpec("large", ElementType.UInt8, Dimension.Fixed(LargeBytes));
        ImmutableArray<Partition> all =
        [
            Cut(Fixed, [x], [Y]), Cut(Symbolic, [h, s], [Y, z]), Cut(Inadmissible, [x], [Y], "It is not."), Cut(Large, [big], [large]), Cut(OnDevice, [], []),
        ];
        return new()
        {
            Model = Digest(model), Fingerprint = Digest(plan), Inputs = [x], Outputs = [.. ((TensorSpec[])[Y, z, large]).Take(outputs)], Partitions = all, Arms = all, MeasureFailure = null,
        };
    }

    private static Partition Cut(int index, ImmutableArray<TensorSpec> boundary, ImmutableArray<TensorSpec> outputs, string? refusal = null) => new()
    {
        Index = index, Boundary = boundary, TailOutputs = outputs, BoundaryBytes = 0, Head = default, Tail = default, InadmissibleReason = refusal, IsArm = refusal is null,
    };
}
