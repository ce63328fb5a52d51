using System.Collections.Immutable;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Requests for what lies behind one cut, all with the same boundary, which travels as it is.</summary>
/// <param name="partition">The cut.</param>
/// <param name="boundary">What is sent, of any sizes that the cut takes; stays the caller's.</param>
internal sealed class RawRequests(Partition partition, TensorValue[] boundary)
{
    private static readonly ITensorCodec Raw = CodecRegistry.Default.All.First(static codec => codec.IsIdentity);

    private readonly ImmutableArray<long> _sizes = SizesOf(partition, boundary);

    /// <summary>One more request. Each says by itself how far it has got, so that none can be sent twice.</summary>
    public TailRequest Next() => new() { Partition = partition, Codec = Raw, SymbolSizes = _sizes, Boundary = boundary };

    private static ImmutableArray<long> SizesOf(Partition partition, TensorValue[] boundary)
    {
        var sizes = new OrderedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (spec, tensor) in partition.Boundary.Zip(boundary))
            foreach (var (dimension, size) in spec.Dimensions.Zip(tensor.Shape.Dimensions.ToArray()))
                if (dimension.Symbol is { } symbol) sizes.TryAdd(symbol, size);
        return [.. sizes.Values];
    }
}
