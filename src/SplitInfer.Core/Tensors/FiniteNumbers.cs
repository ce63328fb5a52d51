using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace SplitInfer.Tensors;

/// <summary>Tells whether tensors hold only finite numbers.</summary>
internal static class FiniteNumbers
{
    // All bits of the exponent are set in infinities and in what is not a number.
    private const ushort BFloat16Exponent = 0x7F80;

    /// <summary>Whether no element is infinite or not a number; true for types that have no such numbers.</summary>
    public static bool AreIn(TensorValue tensor) => tensor.ByteLength == 0 || tensor.ElementType switch
    {
        ElementType.Float32 or ElementType.Complex64 => TensorPrimitives.IsFiniteAll<float>(MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span)),
        ElementType.Float64 or ElementType.Complex128 => TensorPrimitives.IsFiniteAll<double>(MemoryMarshal.Cast<byte, double>(tensor.Bytes.Span)),
        ElementType.Float16 => TensorPrimitives.IsFiniteAll<Half>(tensor.Span<Half>()),
        ElementType.BFloat16 => AreFinite(MemoryMarshal.Cast<byte, ushort>(tensor.Bytes.Span)),
        _ => true,
    };

    private static bool AreFinite(ReadOnlySpan<ushort> numbers)
    {
        foreach (var number in numbers)
            if ((number & BFloat16Exponent) == BFloat16Exponent) return false;
        return true;
    }
}
