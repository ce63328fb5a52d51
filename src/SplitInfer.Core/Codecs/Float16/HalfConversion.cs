using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Float16;

/// <summary>
/// Binary32 to binary16 and back, on bit patterns. Done with integers and one addition or multiplication that is exact or rounds as
/// it should, so that every width gives the same bits, NaNs included.
/// </summary>
internal static class HalfConversion
{
    private const uint Magnitude = 0x7FFF_FFFF, Infinity = 0x7F80_0000;

    // 65504 and the numbers that would round to something larger.
    private const uint Largest = 0x477F_E000;

    // Below 2^−14, adding a half moves the bits of a binary16 without leading one to the low end, rounded.
    private const uint SmallestNormal = 113 << 23, Half = 126 << 23;

    // The difference of the exponents' biases.
    private const uint Rebias = 112 << 23;

    // What an exponent of all ones is before it is multiplied by 2^112, which turns a binary16's bits into a binary32.
    private const uint WideInfinity = 31 << 23;
    private const float Widening = 5.192296858534828E+33f;

    /// <summary>Converts to binary16.</summary>
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
                Widen(Avx512F.ConvertToVector512UInt32(Vector256.LoadUnsafe(ref from, (nuint)i))).StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector256)
        {
            for (; i <= halves.Length - 8; i += 8)
                Widen(Avx2.ConvertToVector256Int32(Vector128.LoadUnsafe(ref from, (nuint)i)).AsUInt32()).StoreUnsafe(ref to, (nuint)i);
        }
        else if (path == VectorPath.Vector128)
        {
            for (; i <= halves.Length - 8; i += 8)
            {
                var (low, high) = Vector128.Widen(Vector128.LoadUnsafe(ref from, (nuint)i));
                Widen(low).StoreUnsafe(ref to, (nuint)i);
                Widen(high).StoreUnsafe(ref to, (nuint)i + 4);
            }
        }

        for (; i < halves.Length; i++) values[i] = Widen(halves[i]);
    }

    /// <summary>The reference to <see cref="Narrow(ReadOnlySpan{uint}, Span{ushort}, VectorPath)"/>.</summary>
    public static ushort Narrow(uint value)
    {
        var magnitude = value & Magnitude;
        uint half;
        if (magnitude > Infinity) half = 0x7E00 | magnitude >> 13 & 0x3FF;
        else if (magnitude == Infinity) half = 0x7C00;
        else if (magnitude >= Largest) half = 0x7BFF;
        else if (magnitude < SmallestNormal) half = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) + BitConverter.UInt32BitsToSingle(Half)) - Half;
        else half = magnitude - Rebias + 0xFFF + (magnitude >> 13 & 1) >> 13;
        return (ushort)(half | value >> 16 & 0x8000);
    }

    private static uint Widen(ushort half)
    {
        var magnitude = (uint)(half & 0x7FFF) << 13;
        var value = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) * Widening);
        if (magnitude >= WideInfinity) value |= Infinity;
        return value | (uint)(half & 0x8000) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Narrow(Vector128<uint> value)
    {
        var magnitude = value & Vector128.Create(Magnitude);
        var finite = Vector128.Min(magnitude, Vector128.Create(Largest));
        var small = (finite.AsSingle() + Vector128.Create(Half).AsSingle()).AsUInt32() - Vector128.Create(Half);
        var normal = finite - Vector128.Create(Rebias - 0xFFF) + (finite >> 13 & Vector128<uint>.One) >> 13;
        var nan = Vector128.GreaterThan(magnitude, Vector128.Create(Infinity)) & (Vector128.Create(0x200u) | magnitude >> 13 & Vector128.Create(0x3FFu));
        var half = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(SmallestNormal)), small, normal);
        half = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(Infinity)), half, Vector128.Create(0x7C00u) | nan);
        return half | value >> 16 & Vector128.Create(0x8000u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Narrow(Vector256<uint> value)
    {
        var magnitude = value & Vector256.Create(Magnitude);
        var finite = Vector256.Min(magnitude, Vector256.Create(Largest));
        var small = (finite.AsSingle() + Vector256.Create(Half).AsSingle()).AsUInt32() - Vector256.Create(Half);
        var normal = finite - Vector256.Create(Rebias - 0xFFF) + (finite >> 13 & Vector256<uint>.One) >> 13;
        var nan = Vector256.GreaterThan(magnitude, Vector256.Create(Infinity)) & (Vector256.Create(0x200u) | magnitude >> 13 & Vector256.Create(0x3FFu));
        var half = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(SmallestNormal)), small, normal);
        half = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(Infinity)), half, Vector256.Create(0x7C00u) | nan);
        return half | value >> 16 & Vector256.Create(0x8000u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Narrow(Vector512<uint> value)
    {
        var magnitude = value & Vector512.Create(Magnitude);
        var finite = Vector512.Min(magnitude, Vector512.Create(Largest));
        var small = (finite.AsSingle() + Vector512.Create(Half).AsSingle()).AsUInt32() - Vector512.Create(Half);
        var normal = finite - Vector512.Create(Rebias - 0xFFF) + (finite >> 13 & Vector512<uint>.One) >> 13;
        var nan = Vector512.GreaterThan(magnitude, Vector512.Create(Infinity)) & (Vector512.Create(0x200u) | magnitude >> 13 & Vector512.Create(0x3FFu));
        var half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(SmallestNormal)), small, normal);
        half = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(Infinity)), half, Vector512.Create(0x7C00u) | nan);
        return half | value >> 16 & Vector512.Create(0x8000u);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Widen(Vector128<uint> half)
    {
        var magnitude = (half & Vector128.Create(0x7FFFu)) << 13;
        var wide = (magnitude.AsSingle() * Vector128.Create(Widening)).AsUInt32();
        var special = Vector128.GreaterThanOrEqual(magnitude.AsInt32(), Vector128.Create((int)WideInfinity)).AsUInt32() & Vector128.Create(Infinity);
        return wide | special | (half & Vector128.Create(0x8000u)) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen(Vector256<uint> half)
    {
        var magnitude = (half & Vector256.Create(0x7FFFu)) << 13;
        var wide = (magnitude.AsSingle() * Vector256.Create(Widening)).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude.AsInt32(), Vector256.Create((int)WideInfinity)).AsUInt32() & Vector256.Create(Infinity);
        return wide | special | (half & Vector256.Create(0x8000u)) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen(Vector512<uint> half)
    {
        var magnitude = (half & Vector512.Create(0x7FFFu)) << 13;
        var wide = (magnitude.AsSingle() * Vector512.Create(Widening)).AsUInt32();
        var special = Vector512.GreaterThanOrEqual(magnitude.AsInt32(), Vector512.Create((int)WideInfinity)).AsUInt32() & Vector512.Create(Infinity);
        return wide | special | (half & Vector512.Create(0x8000u)) << 16;
    }
}
