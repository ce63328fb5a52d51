using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>The floating-point element types that lossy codecs take, read and written as binary32. Everything else they pass through.</summary>
internal static class FloatingPoint
{
    /// <summary>Whether a lossy codec may touch elements of this type. Integers and booleans are never approximated.</summary>
    public static bool Is(ElementType type) => type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    /// <summary>The elements as binary32; binary64 is rounded.</summary>
    public static void Read(ElementType type, ReadOnlySpan<byte> elements, Span<float> values)
    {
        switch (type)
        {
            case ElementType.Float32:
                elements.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case ElementType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(elements);
                for (var i = 0; i < values.Length; i++) values[i] = (float)halves[i];
                break;
            case ElementType.BFloat16:
                var words = MemoryMarshal.Cast<byte, ushort>(elements);
                for (var i = 0; i < values.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)words[i] << 16);
                break;
            default:
                var doubles = MemoryMarshal.Cast<byte, double>(elements);
                for (var i = 0; i < values.Length; i++) values[i] = (float)doubles[i];
                break;
        }
    }

    /// <summary>Finite numbers back as elements, to the nearest.</summary>
    public static void Write(ElementType type, ReadOnlySpan<float> values, Span<byte> elements)
    {
        switch (type)
        {
            case ElementType.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(elements);
                break;
            case ElementType.Float16:
                var halves = MemoryMarshal.Cast<byte, Half>(elements);
                for (var i = 0; i < values.Length; i++) halves[i] = (Half)values[i];
                break;
            case ElementType.BFloat16:
                var words = MemoryMarshal.Cast<byte, ushort>(elements);
                for (var i = 0; i < values.Length; i++)
                {
                    var bits = BitConverter.SingleToUInt32Bits(values[i]);
                    words[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
                }

                break;
            default:
                var doubles = MemoryMarshal.Cast<byte, double>(elements);
                for (var i = 0; i < values.Length; i++) doubles[i] = values[i];
                break;
        }
    }
}
