using System.Collections.Immutable;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Policies;

/// <summary>What is known of an arm before any request has taken it. The delay of its head is in the <see cref="Profiling.HeadProfile"/>.</summary>
public sealed record ArmProfile
{
    /// <summary>The arm.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Bits that the payload is expected to have; corrected by what is really sent.</summary>
    public required double PayloadBits { get; init; }

    /// <summary>Seconds that encoding is expected to take on the device.</summary>
    public double EncodeSeconds { get; init; }

    /// <summary>Bytes that the head needs on the device; 0 where that is not known.</summary>
    public long DeviceBytes { get; init; }

    /// <summary>Multiply-accumulates of the tail, by cost class; the same classes in every arm.</summary>
    public required ImmutableArray<double> TailMacs { get; init; }

    /// <summary>Nodes of the tail, by cost class.</summary>
    public required ImmutableArray<double> TailNodes { get; init; }

    /// <summary>Takes what the plan says of a partition.</summary>
    /// <param name="partition">Where the model is cut.</param>
    /// <param name="codec">Name of the codec.</param>
    /// <param name="payloadBits">Bits that the codec is expected to make of the boundary.</param>
    public static ArmProfile Of(Partition partition, string codec, double payloadBits) => new()
    {
        Arm = new(partition, codec),
        PayloadBits = payloadBits,
        TailMacs = [partition.Tail.Conv.Macs, partition.Tail.MatMul.Macs, partition.Tail.Other.Macs],
        TailNodes = [partition.Tail.Conv.Nodes, partition.Tail.MatMul.Nodes, partition.Tail.Other.Nodes],
    };
}
