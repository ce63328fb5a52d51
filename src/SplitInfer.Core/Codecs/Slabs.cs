using System.Buffers.Binary;
using System.Numerics;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>
/// How a tensor is cut into slabs, so that one can travel while the next is encoded: runs of consecutive indices of the first
/// axis that is longer than 1, all of the same length but the last. It follows from type and shape alone, so client and server cut alike.
/// Tensors are row-major, so each slab is a tensor of its own and one range of bytes. Immutable.
/// </summary>
internal readonly struct Slabs
{
    /// <summary>Bytes of a slab, as near as its rows allow. A tensor of less than half as much again is one slab.</summary>
    public const int TargetBytes = 384 << 10;

    /// <summary>Bytes of the length before an encoded slab.</summary>
    public const int LengthBytes = sizeof(uint);

    // Codecs take as many planes side by side; a slab with a few more would leave most lanes empty.
    private const int Lanes = 16;

    private readonly TensorShape _shape;
    private readonly TensorShape _slabShape;
    private readonly TensorShape _lastShape;
    private readonly int _slabBytes;
    private readonly bool _isDivided;

    /// <summary>Cuts a tensor.</summary>
    /// <exception cref="OverflowException">It takes over 2 GiB.</exception>
    public Slabs(ElementType type, TensorShape shape) : this(type, shape, isDivided: true) { }

    private Slabs(ElementType type, TensorShape shape, bool isDivided)
    {
        (Type, _shape, _slabShape, _lastShape, _isDivided) = (type, shape, shape, shape, isDivided);
        (Bytes, Count) = (checked((int)type.ByteSize(shape.ElementCount)), 1);
        _slabBytes = Bytes;
        var axis = shape.Dimensions.IndexOfAnyExceptInRange(0, 1);
        // Rows of elements smaller than a byte may end inside a byte; such a tensor is not divided.
        if (!isDivided || Bytes < TargetBytes * 3L / 2 || axis < 0 || Bytes % shape.Dimensions[axis] != 0) return;
        var rows = (int)shape.Dimensions[axis];
        var slabRows = RowsOfSlab(Bytes / rows);
        Count = (int)Math.Max(1, (rows + (slabRows / 2L)) / slabRows);
        _slabBytes = Count == 1 ? Bytes : slabRows * (Bytes / rows);
        _slabShape = Count == 1 ? shape : WithRows(shape, axis, slabRows);
        _lastShape = WithRows(shape, axis, rows - ((Count - 1) * slabRows));
    }

    /// <summary>The type of the elements.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of the tensor.</summary>
    public int Bytes { get; }

    /// <summary>The number of slabs, at least one.</summary>
    public int Count { get; }

    /// <summary>A slab, by its place.</summary>
    public Slab this[int index] => index + 1 < Count
        ? new(_slabShape, index * _slabBytes, _slabBytes)
        : new(_lastShape, index * _slabBytes, Bytes - (index * _slabBytes));

    /// <summary>Cuts a tensor for a codec: into one slab where that does not take slabs.</summary>
    /// <exception cref="OverflowException">It takes over 2 GiB.</exception>
    public static Slabs For(ITensorCodec codec, ElementType type, TensorShape shape) => new(type, shape, codec.TakesSlabs);

    /// <summary>Whether this is how a tensor of that type and shape is cut for a codec.</summary>
    public bool IsOf(ITensorCodec codec, ElementType type, TensorShape shape) => Count > 0 && codec.TakesSlabs == _isDivided && type == Type && shape == _shape;

    /// <summary>The most bytes that <paramref name="codec"/> makes of any slab, without the length before it.</summary>
    public long MaxEncodedLength(ITensorCodec codec) =>
        Math.Max(codec.MaxEncodedLength(Type, _slabShape), codec.MaxEncodedLength(Type, _lastShape));

    /// <summary>The most bytes that <paramref name="codec"/> takes while it decodes any slab, beside payload and tensor.</summary>
    public long ScratchBytes(ITensorCodec codec) => Math.Max(codec.ScratchBytes(Type, _slabShape), codec.ScratchBytes(Type, _lastShape));

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

    /// <summary>As many rows as come near the target: a multiple of the lanes, or a part of them.</summary>
    private static int RowsOfSlab(int rowBytes)
    {
        var rows = Math.Max(1, (int)((TargetBytes + (rowBytes / 2L)) / rowBytes));
        return rows >= Lanes * 3 / 4 ? (rows + (Lanes / 2)) / Lanes * Lanes : (int)BitOperations.RoundUpToPowerOf2((uint)(rows * 2 / 3) + 1);
    }

    private static TensorShape WithRows(TensorShape shape, int axis, int rows)
    {
        long[] dimensions = [.. shape.Dimensions];
        dimensions[axis] = rows;
        return new(dimensions);
    }
}

/// <summary>A part of a tensor that is a tensor of its own.</summary>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Start">Its first byte in the tensor.</param>
/// <param name="Bytes">Its bytes, side by side.</param>
internal readonly record struct Slab(TensorShape Shape, int Start, int Bytes);
