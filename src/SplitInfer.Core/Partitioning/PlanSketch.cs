using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Partitioning;

/// <summary>A short digest of each partition of a plan, by which client and server find where their plans differ.</summary>
internal static class PlanSketch
{
    /// <summary>The first partitions of larger plans tell enough.</summary>
    public const int MaxPartitions = 2048;

    private const int DigestBytes = 4;

    // Names in a model may be of any number and length; a refusal has to fit a frame.
    private const int MaxDescribed = 6, MaxLength = 600;

    /// <summary>The digests, 4 bytes for each partition.</summary>
    public static byte[] Of(PartitionPlan plan)
    {
        var partitions = plan.Partitions.AsSpan()[..Math.Min(MaxPartitions, plan.Partitions.Length)];
        var sketch = new byte[partitions.Length * DigestBytes];
        for (var k = 0; k < partitions.Length; k++)
            BinaryPrimitives.WriteUInt32LittleEndian(sketch.AsSpan(k * DigestBytes), Digest(partitions[k]));
        return sketch;
    }

    /// <summary>The first partition of a plan that differs from the plan of the other side; null if the sketch shows no difference.</summary>
    /// <param name="plan">The plan of this end.</param>
    /// <param name="other">The sketch of the other end; may be anything, and none.</param>
    public static int? FirstDifference(PartitionPlan plan, ReadOnlySpan<byte> other)
    {
        if (other.IsEmpty) return null;
        var own = plan.Sketch;
        var common = own.AsSpan().CommonPrefixLength(other) / DigestBytes;
        return own.AsSpan().SequenceEqual(other) ? null : Math.Min(common, plan.Partitions.Length - 1);
    }

    /// <summary>A text that describes the values that cross a cut.</summary>
    public static string Describe(Partition partition) =>
        !partition.IsPossible ? $"cannot be taken ({Cut(partition.InadmissibleReason ?? "")})"
        : partition.Boundary.IsEmpty ? "passes nothing"
        : $"passes {Cut(string.Join(", ", partition.Boundary.Take(MaxDescribed)))}{(partition.Boundary.Length > MaxDescribed ? $" and {partition.Boundary.Length - MaxDescribed} more" : "")}";

    private static string Cut(string text) => text.Length > MaxLength ? text[..MaxLength] + "…" : text;

    private static uint Digest(Partition partition)
    {
        var text = $"{partition.Index}\n{partition.IsPossible}\n{string.Join('\n', partition.Boundary)}\n\n{string.Join('\n', partition.TailOutputs)}";
        return BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
