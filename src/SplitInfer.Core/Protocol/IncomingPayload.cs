using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// A payload on its way in: one block, in which each part has an aligned place, so that the tensors of an identity codec
/// are views of it. Not thread-safe; reused from message to message.
/// </summary>
internal sealed class IncomingPayload
{
    private readonly List<Range> _places = [];
    private TensorBuffer? _block;
    private int _part;
    private int _filled;

    /// <summary>Bytes that have not come.</summary>
    public long Left { get; private set; }

    /// <summary>What <see cref="Open"/> would take from the pool, in bytes, without the memory that decoding takes.</summary>
    public static long BlockBytes(IReadOnlyList<uint> partLengths)
    {
        long bytes = 0;
        for (var part = 0; part < partLengths.Count; part++) bytes += Align(partLengths[part]);
        return bytes;
    }

    /// <summary>Says what is wrong with the lengths that the other end states, or null where they are ones that the codec can yield.</summary>
    public static string? Refusal(ITensorCodec codec, ImmutableArray<TensorSpec> values, ImmutableArray<TensorShape> shapes, IReadOnlyList<uint> partLengths)
    {
        if (partLengths.Count != values.Length) return $"{values.Length} values are due and {partLengths.Count} were stated";
        for (var part = 0; part < partLengths.Count; part++)
        {
            var most = codec.MaxEncodedLength(values[part].Type, shapes[part]);
            if (partLengths[part] > most || (codec.IsIdentity && partLengths[part] < most))
                return $"value {part} takes {(codec.IsIdentity ? "" : "at most ")}{most} bytes in codec '{codec.Name}' and {partLengths[part]} were stated";
        }

        return BlockBytes(partLengths) > TensorBufferPool.MaxBytes ? "the values take over 2 GiB together" : null;
    }

    /// <summary>Makes room for parts of these lengths, which must have been checked.</summary>
    public void Open(IReadOnlyList<uint> partLengths)
    {
        _block = TensorBufferPool.Shared.Rent(BlockBytes(partLengths));
        var at = 0;
        for (var part = 0; part < partLengths.Count; part++)
        {
            var length = (int)partLengths[part];
            _places.Add(at..(at + length));
            at += (int)Align(partLengths[part]);
            Left += length;
        }
    }

    /// <summary>Where the next bytes go: at least one, unless nothing is left.</summary>
    public Memory<byte> Room(int atMost)
    {
        if (Left == 0) return default;
        while (_filled == Length(_part)) (_part, _filled) = (_part + 1, 0);
        return _block!.Memory.Slice(_places[_part].Start.Value + _filled, Math.Min(atMost, Length(_part) - _filled));
    }

    /// <summary>Says that so many bytes of <see cref="Room"/> were filled.</summary>
    public void Advance(int bytes)
    {
        _filled += bytes;
        Left -= bytes;
    }

    /// <summary>Decodes the parts once all have come. On success each place of <paramref name="tensors"/> holds a tensor that the caller owns, on failure none does.</summary>
    /// <exception cref="InvalidPayloadException">A part does not decode.</exception>
    public void Decode(ITensorCodec codec, ImmutableArray<TensorSpec> values, ImmutableArray<TensorShape> shapes, Span<Tensor> tensors)
    {
        var decoded = 0;
        try
        {
            for (; decoded < values.Length; decoded++)
                tensors[decoded] = Decode(codec, values[decoded].Type, shapes[decoded], _places[decoded]);
        }
        catch
        {
            foreach (var tensor in tensors[..decoded]) tensor.Dispose();
            tensors.Clear();
            throw;
        }
    }

    /// <summary>Lets go of the block; tensors that are views of it keep it.</summary>
    public void Release()
    {
        _block?.Release();
        _block = null;
        _places.Clear();
        (_part, _filled, Left) = (0, 0, 0);
    }

    private Tensor Decode(ITensorCodec codec, ElementType type, TensorShape shape, Range place)
    {
        if (codec.IsIdentity) return Tensor.View(type, shape, _block!.AddReference(), place.Start.Value);
        var tensor = Tensor.Allocate(type, shape);
        try
        {
            codec.Decode(type, shape, _block!.Memory.Span[place], tensor.Bytes.Span);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private int Length(int part) => _places[part].End.Value - _places[part].Start.Value;

    private static long Align(uint length) => (length + (TensorBuffer.Alignment - 1L)) & -TensorBuffer.Alignment;
}
