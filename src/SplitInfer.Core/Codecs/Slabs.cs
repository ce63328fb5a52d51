using System.Buffers.Binary;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>
/// How a tensor is cut into slabs, so that one can travel while the next is encoded: runs of consecutive indices of the first
/// axis that is longer than 1, as equal as they can be. It follows from type and shape alone, so both ends cut alike. Tensors are
/// row-major, so each slab is a tensor of its own and one range of bytes. Immutable.
/// </summary>
internal readonly struct Slabs
{
    /// <summary>Bytes of a slab, as near as the rows allow. A tensor of less than half as much again is one slab.</summary>
    public const int TargetBytes = 256 << 10;

    /// <summary>Bytes of the length before an encoded slab.</summary>
    public const int LengthBytes = sizeof(uint);

    private readonly TensorShape _shape;
    private readonly TensorShape _longShape;
    private readonly TensorShape _shortShape;
    private readonly int _rows;
    private readonly int _rowBytes;

    /// <summary>Cuts a tensor.</summary>
    /// <exception cref="OverflowException">It takes over 2 GiB.</exception>
    public Slabs(ElementType type, TensorShape shape)
    {
        (Type, _shape, _longShape, _shortShape) = (type, shape, shape, shape);
        (Bytes, Count, _rows) = (checked((int)type.ByteSize(shape.ElementCount)), 1, 1);
        _rowBytes = Bytes;
        var axis = shape.Dimensions.IndexOfAnyExceptInRange(0, 1);
        // Elements of less than a byte may end a row within one; such a tensor stays whole.
        if (Bytes < TargetBytes * 3L / 2 || axis < 0 || Bytes % shape.Dimensions[axis] != 0) return;
        _rows = (int)shape.Dimensions[axis];
        _rowBytes = Bytes / _rows;
        Count = Math.Min(_rows, (int)((Bytes + (TargetBytes / 2L)) / TargetBytes));
        _shortShape = WithRows(shape, axis, _rows / Count);
        _longShape = LongSlabs == 0 ? _shortShape : WithRows(shape, axis, (_rows / Count) + 1);
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of the tensor.</summary>
    public int Bytes { get; }

    /// <summary>The number of slabs, at least one.</summary>
    public int Count { get; }

    /// <summary>The slabs with a row more than the others, which come first.</summary>
    private int LongSlabs => _rows % Count;

    /// <summary>A slab, by its place.</summary>
    public Slab this[int index]
    {
        get
        {
            var isLong = index < LongSlabs;
            var rows = _rows / Count;
            return new(isLong ? _longShape : _shortShape, ((index * rows) + Math.Min(index, LongSlabs)) * _rowBytes, (isLong ? rows + 1 : rows) * _rowBytes);
        }
    }

    /// <summary>Whether this is how a tensor of that type and shape is cut.</summary>
    public bool IsOf(ElementType type, TensorShape shape) => Count > 0 && type == Type && shape == _shape;

    /// <summary>The most bytes that <paramref name="codec"/> makes of any slab, without the length before it.</summary>
    public long MaxEncodedLength(ITensorCodec codec) =>
        Math.Max(codec.MaxEncodedLength(Type, _longShape), codec.MaxEncodedLength(Type, _shortShape));

    /// <summary>Encodes a slab, with its length before it.</summary>
    /// <param name="index">The slab's place.</param>
    /// <param name="codec">What encodes it.</param>
    /// <param name="tensor">The whole tensor.</param>
    /// <param name="payload">At least <see cref="LengthBytes"/> and the most that the codec makes of it.</param>
    /// <returns>Bytes written.</returns>
    public int Encode(int index, ITensorCodec codec, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        var slab = this[index];
        var length = codec.Encode(Type, slab.Shape, tensor.Slice(slab.Start, slab.Bytes), payload[LengthBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(payload, length);
        return LengthBytes + length;
    }

    /// <summary>Decodes a slab, of which <paramref name="payload"/> is all but the length, to its place in the tensor.</summary>
    /// <exception cref="InvalidPayloadException">It is not one that the codec writes.</exception>
    public void Decode(int index, ITensorCodec codec, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var slab = this[index];
        codec.Decode(Type, slab.Shape, payload, tensor.Slice(slab.Start, slab.Bytes));
    }

    private static TensorShape WithRows(TensorShape shape, int axis, int rows)
    {
        long[] dimensions = [.. shape.Dimensions];
        dimensions[axis] = rows;
        return new(dimensions);
    }
}
