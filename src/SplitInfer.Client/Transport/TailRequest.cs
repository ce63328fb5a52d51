using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>One boundary on its way to the tail.</summary>
public sealed class TailRequest
{
    /// <summary>Where the model is cut.</summary>
    public required Partition Partition { get; init; }

    /// <summary>The codec in which the boundary travels.</summary>
    public required ITensorCodec Codec { get; init; }

    /// <summary>The sizes of the boundary's symbolic dimensions, one for each distinct symbol in the order in which they first appear.</summary>
    public required ImmutableArray<long> SymbolSizes { get; init; }

    /// <summary>One tensor for each value of the boundary, in its order. They stay the caller's, and must live and not change until the call ends.</summary>
    public required ReadOnlyMemory<Tensor> Boundary { get; init; }

    /// <summary>How long the result is of use, counted from the call; null where it always is.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>How far it has got.</summary>
    public TailProgress Progress { get; } = new();
}
