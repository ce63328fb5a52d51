using System.Numerics;
using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>Reads elements of any numeric type as doubles.</summary>
internal static class ElementWidening
{
    /// <summary>Widens packed elements; a complex number gives two doubles, a byte of 4-bit numbers as well.</summary>
    /// <returns>How many doubles were written.</returns>
    public static int ToDouble(ElementType type, ReadOnlySpan<byte> source, Span<double> target) => type switch
    {
        ElementType.Float32 or ElementType.Complex64 => Numbers<float>(source, target),
        ElementType.Float64 or ElementType.Complex128 => Numbers<double>(source, target),
        ElementType.Float16 => Numbers<Half>(source, target),
        ElementType.UInt8 or ElementType.Bool => Numbers<byte>(source, target),
        ElementType.Int8 => Numbers<sbyte>(source, target),
        ElementType.UInt16 => Numbers<ushort>(source, target),
        ElementType.Int16 => Numbers<short>(source, target),
        ElementType.UInt32 => Numbers<uint>(source, target),
        ElementType.Int32 => Numbers<int>(source, target),
        ElementType.UInt64 => Numbers<ulong>(source, target),
        ElementType.Int64 => Numbers<long>(source, target),
        ElementType.BFloat16 => Each(MemoryMarshal.Cast<byte, ushort>(source), target, static bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
        ElementType.Float8E4M3FN => Each(source, target, static bits => (bits & 0x7F) == 0x7F ? double.NaN : Float8(bits, mantissaBits: 3, bias: 7)),
        ElementType.Float8E4M3FNUZ => Each(source, target, static bits => bits == 0x80 ? double.NaN : Float8(bits, mantissaBits: 3, bias: 8)),
        ElementType.Float8E5M2 => Each(source, target, static bits => (double)BitConverter.UInt16BitsToHalf((ushort)(bits << 8))),
        ElementType.Float8E5M2FNUZ => Each(source, target, static bits => bits == 0x80 ? double.NaN : Float8(bits, mantissaBits: 2, bias: 16)),
        ElementType.UInt4 => Nibbles(source, target, static nibble => nibble),
        ElementType.Int4 => Nibbles(source, target, static nibble => (nibble ^ 8) - 8),
        _ => throw new NotSupportedException($"A {type.DisplayName()} is not a number."),
    };

    private static int Numbers<T>(ReadOnlySpan<byte> source, Span<double> target) where T : unmanaged, INumberBase<T> =>
        Each(MemoryMarshal.Cast<byte, T>(source), target, double.CreateTruncating);

    private static int Each<T>(ReadOnlySpan<T> source, Span<double> target, Func<T, double> widen)
    {
        for (var i = 0; i < source.Length; i++) target[i] = widen(source[i]);
        return source.Length;
    }

    private static int Nibbles(ReadOnlySpan<byte> source, Span<double> target, Func<int, double> widen)
    {
        for (var i = 0; i < source.Length; i++) (target[2 * i], target[2 * i + 1]) = (widen(source[i] & 0xF), widen(source[i] >> 4));
        return 2 * source.Length;
    }

    private static double Float8(byte bits, int mantissaBits, int bias)
    {
        var mantissa = bits & ((1 << mantissaBits) - 1);
        var exponent = (bits & 0x7F) >> mantissaBits;
        var magnitude = exponent == 0
            ? Math.ScaleB(mantissa, 1 - bias - mantissaBits)
            : Math.ScaleB(mantissa + (1 << mantissaBits), exponent - bias - mantissaBits);
        return bits < 0x80 ? magnitude : -magnitude;
    }
}
