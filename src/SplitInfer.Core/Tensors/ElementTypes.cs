namespace SplitInfer.Tensors;

/// <summary>What is known of each <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bits of one element; 0 if an element has no fixed size (text, undefined).</summary>
    public static int BitWidth(this ElementType type) => type switch
    {
        ElementType.UInt4 or ElementType.Int4 => 4,
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool or ElementType.Float8E4M3FN
            or ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ => 8,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 16,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 32,
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 or ElementType.Complex64 => 64,
        ElementType.Complex128 => 128,
        _ => 0,
    };

    /// <summary>Whether an element has a fixed size; only then can a value cross a cut.</summary>
    public static bool HasFixedSize(this ElementType type) => type.BitWidth() != 0;

    /// <summary>
    /// Whether values of the type can be passed to and from the engine: its .NET API does not support complex numbers, 8-bit floats and
    /// 4-bit integers. A model may use them internally, as weights or between nodes.
    /// </summary>
    internal static bool CanBeBound(this ElementType type) =>
        type is > ElementType.Undefined and <= ElementType.BFloat16 and not (ElementType.Complex64 or ElementType.Complex128);

    /// <summary>Bytes that hold <paramref name="count"/> elements, packed as ONNX packs them.</summary>
    /// <exception cref="OverflowException">The size does not fit 63 bits.</exception>
    public static long ByteSize(this ElementType type, long count) =>
        checked((count * type.BitWidth() + 7) / 8);

    /// <summary>The lower-case name that people see: <c>float32</c>, <c>int64</c>, …</summary>
    public static string DisplayName(this ElementType type) => type.ToString().ToLowerInvariant();

    /// <summary>The element type that the .NET type <typeparamref name="T"/> holds.</summary>
    /// <exception cref="NotSupportedException">No element type is held in <typeparamref name="T"/>.</exception>
    public static ElementType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ElementType.Float32
        : typeof(T) == typeof(byte) ? ElementType.UInt8
        : typeof(T) == typeof(sbyte) ? ElementType.Int8
        : typeof(T) == typeof(ushort) ? ElementType.UInt16
        : typeof(T) == typeof(short) ? ElementType.Int16
        : typeof(T) == typeof(int) ? ElementType.Int32
        : typeof(T) == typeof(long) ? ElementType.Int64
        : typeof(T) == typeof(bool) ? ElementType.Bool
        : typeof(T) == typeof(Half) ? ElementType.Float16
        : typeof(T) == typeof(double) ? ElementType.Float64
        : typeof(T) == typeof(uint) ? ElementType.UInt32
        : typeof(T) == typeof(ulong) ? ElementType.UInt64
        : throw new NotSupportedException($"No ONNX element type is held in {typeof(T).Name}. Name the element type and give bytes instead.");
}
