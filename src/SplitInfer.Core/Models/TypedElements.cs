using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// The elements of a <c>TensorProto</c> in its typed fields. Types without a field of their own share one with wider numbers:
/// all of up to 32 bits but <c>float</c> and <c>uint32</c> lie in <c>int32_data</c>, 4-bit ones two to a number, packed as in a byte.
/// </summary>
internal static class TypedElements
{
    /// <summary>Bytes that the elements take once copied.</summary>
    public static long ByteLength(TensorProto proto, ElementType type) => type switch
    {
        ElementType.Float32 or ElementType.Complex64 => proto.FloatData.Count * 4L,
        ElementType.Float64 or ElementType.Complex128 => proto.DoubleData.Count * 8L,
        ElementType.Int64 => proto.Int64Data.Count * 8L,
        ElementType.UInt64 => proto.Uint64Data.Count * 8L,
        ElementType.UInt32 => proto.Uint64Data.Count * 4L,
        _ => proto.Int32Data.Count * (long)WidthInInt32(type),
    };

    /// <summary>Copies the elements to <paramref name="target"/>, which has <see cref="ByteLength"/> bytes.</summary>
    public static void Copy(TensorProto proto, ElementType type, Span<byte> target)
    {
        switch (type)
        {
            case ElementType.Float32 or ElementType.Complex64: Copy(proto.FloatData, target); break;
            case ElementType.Float64 or ElementType.Complex128: Copy(proto.DoubleData, target); break;
            case ElementType.Int64: Copy(proto.Int64Data, target); break;
            case ElementType.UInt64: Copy(proto.Uint64Data, target); break;
            case ElementType.UInt32: Narrow(proto.Uint64Data, target); break;
            default: Narrow(proto.Int32Data, WidthInInt32(type), target); break;
        }
    }

    private static int WidthInInt32(ElementType type) => Math.Max(1, type.BitWidth() / 8);

    private static void Copy<T>(RepeatedField<T> source, Span<byte> target) where T : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, T>(target);
        for (var i = 0; i < elements.Length; i++) elements[i] = source[i];
    }

    private static void Narrow(RepeatedField<ulong> source, Span<byte> target)
    {
        var elements = MemoryMarshal.Cast<byte, uint>(target);
        for (var i = 0; i < elements.Length; i++) elements[i] = (uint)source[i];
    }

    /// <summary>Keeps the low <paramref name="width"/> bytes of every number.</summary>
    private static void Narrow(RepeatedField<int> source, int width, Span<byte> target)
    {
        for (var i = 0; i < source.Count; i++)
        {
            var number = source[i];
            MemoryMarshal.AsBytes(new Span<int>(ref number))[..width].CopyTo(target[(i * width)..]);
        }
    }
}
