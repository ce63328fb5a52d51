using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Entropy;

/// <summary>
/// The inner loops of <see cref="RansEncoder"/>. Each takes <c>steps</c> steps of <c>lanes</c> symbols that end at <c>end</c>, the last
/// first, and writes words below <c>words</c>; up to 8 words below the last may be overwritten. Returns the lowest word.
/// </summary>
/// <remarks>
/// A state x becomes ⌊x/f⌋·2^12 + x mod f + start. The reciprocal, rounded down, gives a quotient that is at most one too small,
/// since x &lt; 2^31; where the remainder shows it, one is added.
/// </remarks>
internal static unsafe partial class RansEncode
{
    private const ulong FrequencyMask = (1 << (Rans.ScaleBits + 1)) - 1;

    /// <summary>The reference; the only one that takes any number of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Scalar(uint* states, int lanes, ulong* table, ushort* words, byte* end, int steps)
    {
        for (; steps > 0; steps--)
        {
            for (var lane = lanes - 1; lane >= 0; lane--)
            {
                var entry = table[*--end];
                var frequency = (uint)(entry >> RansTables.FrequencyBit & FrequencyMask);
                var state = states[lane];
                if (state >= frequency << Rans.FlushShift)
                {
                    *--words = (ushort)state;
                    state >>= 16;
                }

                var quotient = (uint)((ulong)state * (uint)entry >> 32);
                var remainder = state - quotient * frequency;
                if (remainder >= frequency) (quotient, remainder) = (quotient + 1, remainder - frequency);
                states[lane] = (quotient << Rans.ScaleBits) + remainder + (uint)(entry >> RansTables.StartBit);
            }
        }

        return words;
    }

    /// <summary>Two lanes at a time in the arithmetic, four in the words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Wide128(uint* states, int lanes, ulong* table, ushort* words, byte* end, int steps)
    {
        var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToHighEnd[0]);
        for (; steps > 0; steps--)
        {
            for (var lane = lanes - 4; lane >= 0; lane -= 4)
            {
                end -= 4;
                var low = Vector128.Create(table[end[0]], table[end[1]]);
                var high = Vector128.Create(table[end[2]], table[end[3]]);
                var state = Vector128.Load(states + lane);
                var (x, y) = (Vector128.WidenLower(state), Vector128.WidenUpper(state));
                var (fullX, fullY) = (Full(x, low), Full(y, high));
                var lanesToFlush = fullX.ExtractMostSignificantBits() | fullY.ExtractMostSignificantBits() << 2;
                Vector128.Shuffle(Vector128.Narrow(state, state).AsByte(), Vector128.Load(shuffles + lanesToFlush * 16)).Store((byte*)(words - 8));
                words -= BitOperations.PopCount(lanesToFlush);

                Vector128.Narrow(
                    Advance(Vector128.ConditionalSelect(fullX, x >> 16, x), low),
                    Advance(Vector128.ConditionalSelect(fullY, y >> 16, y), high)).Store(states + lane);
            }
        }

        return words;

        static Vector128<ulong> Frequency(Vector128<ulong> entry) => entry >> RansTables.FrequencyBit & Vector128.Create(FrequencyMask);

        static Vector128<ulong> Full(Vector128<ulong> state, Vector128<ulong> entry) =>
            Vector128.GreaterThanOrEqual(state.AsInt64(), (Frequency(entry) << Rans.FlushShift).AsInt64()).AsUInt64();

        static Vector128<ulong> Advance(Vector128<ulong> state, Vector128<ulong> entry)
        {
            var frequency = Frequency(entry);
            var quotient = Product(state, entry) >> 32;
            var remainder = state - Product(quotient, frequency);
            var over = Vector128.GreaterThanOrEqual(remainder.AsInt32(), frequency.AsInt32()).AsUInt64() & Vector128.Create(0xFFFF_FFFFUL);
            return (quotient << Rans.ScaleBits) + remainder + (entry >> RansTables.StartBit) + (over & (Vector128.Create((ulong)Rans.Scale) - frequency));
        }

        // The low halves multiplied to the full width.
        static Vector128<ulong> Product(Vector128<ulong> left, Vector128<ulong> right) => Sse2.IsSupported
            ? Sse2.Multiply(left.AsUInt32(), right.AsUInt32())
            : (left & Vector128.Create(0xFFFF_FFFFUL)) * (right & Vector128.Create(0xFFFF_FFFFUL));
    }

    /// <summary>Four lanes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Wide256(uint* states, int lanes, ulong* table, ushort* words, byte* end, int steps)
    {
        var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToHighEnd[0]);
        var (frequencyMask, scale, lowHalf) = (Vector256.Create(FrequencyMask), Vector256.Create((ulong)Rans.Scale), Vector256.Create(0xFFFF_FFFFUL));
        for (; steps > 0; steps--)
        {
            for (var lane = lanes - 4; lane >= 0; lane -= 4)
            {
                end -= 4;
                var entry = Entries(table, end);
                var narrow = Vector128.Load(states + lane);
                var state = Avx2.ConvertToVector256Int64(narrow).AsUInt64();
                var frequency = entry >> RansTables.FrequencyBit & frequencyMask;
                var full = Vector256.GreaterThanOrEqual(state.AsInt64(), (frequency << Rans.FlushShift).AsInt64()).AsUInt64();

                var lanesToFlush = full.ExtractMostSignificantBits();
                Ssse3.Shuffle(Vector128.Narrow(narrow, narrow).AsByte(), Vector128.Load(shuffles + lanesToFlush * 16)).Store((byte*)(words - 8));
                words -= BitOperations.PopCount(lanesToFlush);

                state = Vector256.ConditionalSelect(full, state >> 16, state);
                var quotient = Avx2.Multiply(state.AsUInt32(), entry.AsUInt32()) >> 32;
                var remainder = state - Avx2.Multiply(quotient.AsUInt32(), frequency.AsUInt32());
                var over = Vector256.GreaterThanOrEqual(remainder.AsInt32(), frequency.AsInt32()).AsUInt64() & lowHalf;
                state = (quotient << Rans.ScaleBits) + remainder + (entry >> RansTables.StartBit) + (over & (scale - frequency));
                Vector128.Narrow(state.GetLower(), state.GetUpper()).Store(states + lane);
            }
        }

        return words;
    }

    // The table's entries for four symbols. Loads that broadcast, and blends, keep the one port that shuffles free.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Entries(ulong* table, byte* symbols) => Avx2.Blend(
        Avx2.Blend(Entry(table, symbols[0]), Entry(table, symbols[1]), 0b1100),
        Avx2.Blend(Entry(table, symbols[2]), Entry(table, symbols[3]), 0b1100_0000),
        0b1111_0000).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Entry(ulong* table, byte symbol) => Avx2.BroadcastScalarToVector256(table + symbol).AsUInt32();
}
