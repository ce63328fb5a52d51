using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Entropy;

internal static unsafe partial class RansEncode
{
    /// <summary>
    /// Sixteen lanes at a time. A state that has room is below f·2^19, so a quotient has 19 bits: a binary32, rounded down, is at most
    /// one too small. The remainder has 13 bits, for which products of 16 bits do. Conditions stand where they are used, so that they
    /// stay in mask registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Wide512(uint* states, int lanes, ulong* table, ushort* words, byte* end, int steps)
    {
        var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToHighEnd[0]);
        var (frequencyMask, scale, lowWord) = (Vector512.Create((uint)FrequencyMask), Vector512.Create((uint)Rans.Scale), Vector512.Create(0xFFFFu));
        for (; steps > 0; steps--)
        {
            for (var lane = lanes - 16; lane >= 0; lane -= 16)
            {
                end -= 16;
                var entry = HighHalves(table, end).ToVector512Unsafe().WithUpper(HighHalves(table, end + 8));
                var state = Vector512.Load(states + lane);
                var frequency = entry & frequencyMask;
                var bound = frequency << Rans.FlushShift;
                var lanesToFlush = (uint)Vector512.GreaterThanOrEqual(state, bound).ExtractMostSignificantBits();
                var low = Avx512F.ConvertToVector256UInt16(state).AsByte();
                Ssse3.Shuffle(low.GetUpper(), Vector128.Load(shuffles + (lanesToFlush >> 8) * 16)).Store((byte*)(words - 8));
                words -= BitOperations.PopCount(lanesToFlush >> 8);
                Ssse3.Shuffle(low.GetLower(), Vector128.Load(shuffles + (lanesToFlush & 0xFF) * 16)).Store((byte*)(words - 8));
                words -= BitOperations.PopCount(lanesToFlush & 0xFF);

                state = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(state, bound), state >> 16, state);
                var reciprocal = Avx512F.Divide(Vector512<float>.One, Avx512F.ConvertToVector512Single(frequency.AsInt32()), FloatRoundingMode.ToZero);
                var dividend = Avx512F.ConvertToVector512Single(state.AsInt32(), FloatRoundingMode.ToZero);
                var quotient = Avx512F.ConvertToVector512Int32WithTruncation(Avx512F.Multiply(dividend, reciprocal, FloatRoundingMode.ToZero)).AsUInt32();
                var remainder = (state.AsUInt16() - quotient.AsUInt16() * frequency.AsUInt16()).AsUInt32() & lowWord;
                var one = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(remainder, frequency), scale - frequency, Vector512<uint>.Zero);
                state = (quotient << Rans.ScaleBits) + remainder + (entry >> RansTables.StartBit - RansTables.FrequencyBit) + one;
                state.Store(states + lane);
            }
        }

        return words;
    }

    // Frequency and first slot of eight symbols.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> HighHalves(ulong* table, byte* symbols) => Avx2.Blend(
        Avx2.Blend(
            Avx2.Blend(HighHalf(table, symbols[0]), HighHalf(table, symbols[1]), 0b10),
            Avx2.Blend(HighHalf(table, symbols[2]), HighHalf(table, symbols[3]), 0b1000),
            0b1100),
        Avx2.Blend(
            Avx2.Blend(HighHalf(table, symbols[4]), HighHalf(table, symbols[5]), 0b10_0000),
            Avx2.Blend(HighHalf(table, symbols[6]), HighHalf(table, symbols[7]), 0b1000_0000),
            0b1100_0000),
        0b1111_0000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> HighHalf(ulong* table, byte symbol) => Avx2.BroadcastScalarToVector256((uint*)(table + symbol) + 1);
}
