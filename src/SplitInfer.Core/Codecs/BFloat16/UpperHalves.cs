using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.BFloat16;

/// <summary>Binary32 to bfloat16 and back, on bit patterns.</summary>
internal static class UpperHalves
{
    private const uint Magnitude = 0x7FFF_FFFF, Infinity = 0x7F80_0000, Largest = 0x7F7F_0000, Quiet = 0x0040_0000;

    /// <summary>Converts to bfloat16.</summary>
    public static void Narrow(ReadOnlySpan<uint> values, Span<ushort> halves, VectorPath path)
    {
        halves = halves[..values.Length];
        var i = 0;
        ref var from = ref MemoryMarshal.GetReference(values);
        ref var to = ref MemoryMarshal.GetReference(halves);
        if (path == VectorPath.Vector512)
        {
            for (; i <= values.Length - 16; i += 16)
                Avx512F.ConvertToVector256UInt16(Narrow(Vector512.LoadUnsafe(ref from, (nuint)i))).StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector256)
        {
            for (; i <= values.Length - 16; i += 16)
                Vector256.Narrow(Narrow(Vector256.LoadUnsafe(ref from, (nuint)i)), Narrow(Vector256.LoadUnsafe(ref from, (nuint)i + 8))).StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector128)
        {
            for (; i <= values.Length - 8; i += 8)
                Vector128.Narrow(Narrow(Vector128.LoadUnsafe(ref from, (nuint)i)), Narrow(Vector128.LoadUnsafe(ref from, (nuint)i + 4))).StoreUnsafe(ref to, (nuint)i);
        }

        for (; i < values.Length; i++) halves[i] = Narrow(values[i]);
    }

    /// <summary>Converts to binary32.</summary>
    public static void Widen(ReadOnlySpan<ushort> halves, Span<uint> values, VectorPath path)
    {
        values = values[..halves.Length];
        var i = 0;
        ref var from = ref MemoryMarshal.GetReference(halves);
        ref var to = ref MemoryMarshal.GetReference(values);
        if (path == VectorPath.Vector512)
        {
            for (; i <= halves.Length - 16; i += 16)
                (Avx512F.ConvertToVector512UInt32(Vector256.LoadUnsafe(ref from, (nuint)i)) << 16).StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector256)
        {
            for (; i <= halves.Length - 8; i += 8)
                (Avx2.ConvertToVector256Int32(Vector128.LoadUnsafe(ref from, (nuint)i)) << 16).AsUInt32().StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector128)
        {
            for (; i <= halves.Length - 8; i += 8)
            {
                var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
                (low << 16).StoreUnsafe(ref to, (nuint)i);
                (high << 16).StoreUnsafe(ref to, (nuint)i + 4);
            }
        }

        for (; i < halves.Length; i++) values[i] = (uint)halves[i] << 16;
    }

    /// <summary>The reference to <see cref="Narrow(ReadOnlySpan{uint}, Span{ushort}, VectorPath)"/>.</summary>
    public static ushort Narrow(uint value)
    {
        var magnitude = value & Magnitude;
        if (magnitude > Infinity) return (ushort)((value | Quiet) >> 16);
        if (magnitude < Infinity) magnitude = Math.Min(magnitude + 0x7FFF + (magnitude >> 16 & 1), Largest);
        return (ushort)((magnitude | value & ~Magnitude) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Narrow(Vector128<uint> value)
    {
        var magnitude = value & Vector128.Create(Magnitude);
        var finite = Vector128.Min(magnitude + Vector128.Create(0x7FFFu) + (magnitude >> 16 & Vector128<uint>.One), Vector128.Create(Largest));
        var special = magnitude | Vector128.GreaterThan(magnitude, Vector128.Create(Infinity)) & Vector128.Create(Quiet);
        var half = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(Infinity)), finite, special);
        return (half | value & Vector128.Create(~Magnitude)) >> 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Narrow(Vector256<uint> value)
    {
        var magnitude = value & Vector256.Create(Magnitude);
        var finite = Vector256.Min(magnitude + Vector256.Create(0x7FFFu) + (magnitude >> 16 & Vector256<uint>.One), Vector256.Create(Largest));
        var special = magnitude | Vector256.GreaterThan(magnitude, Vector256.Create(Infinity)) & Vector256.Create(Quiet);
        var half = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(Infinity)), finite, special);
        return (half | value & Vector256.Create(~Magnitude)) >> 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Narrow(Vector512<uint> value)
    {
        var magnitude = value & Vector512.Create(Magnitude);
        var finite = Vector512.Min(magnitude + Vector512.Create(0x7FFFu) + (magnitude >> 16 & Vector512<uint>.One), Vector512.Create(Largest));
        var special = magnitude | Vector512.GreaterThan(magnitude, Vector512.Create(Infinity)) & Vector512.Create(Quiet);
        var half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Infinity)), finite, special);
        return (half | value & Vector512.Create(~Magnitude)) >> 16;
    }
}
