using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Transport;

/// <summary>One encoded boundary on its way to the tail.</summary>
public sealed class TailRequest
{
    /// <summary>Where the model is cut.</summary>
    public required Partition Partition { get; init; }

    /// <summary>The codec that wrote the payloads.</summary>
    public required ITensorCodec Codec { get; init; }

    /// <summary>The sizes of the boundary's symbolic dimensions, one for each distinct symbol in the order in which they first appear.</summary>
    public required ImmutableArray<long> SymbolSizes { get; init; }

    /// <summary>One payload for each value of the boundary, in its order.</summary>
    public required ReadOnlyMemory<ReadOnlyMemory<byte>> Payloads { get; init; }

    /// <summary>How long the result is of use, counted from the call; null where it always is.</summary>
    public TimeSpan? Deadline { get; init; }
}
