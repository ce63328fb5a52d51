using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// The second pass of the encoder: takes steps of codes, the last first, and writes words below <c>words</c>; up to 16 words below the last may
/// be overwritten. Returns the lowest word.
/// </summary>
internal static unsafe class TokenEncode
{
    private const int Lanes = LaneLayout.Lanes;
    private const uint FrequencyMask = (1 << EncoderTable.StartBit) - 1;
    private const int TokenMask = (1 << Tokens.Bits) - 1;

    /// <summary>The reference.</summary>
    public static ushort* Scalar(uint* states, uint* table, int mask, ushort* words, int* codes, int steps)
    {
        for (var step = codes + (steps - 1) * Lanes; step >= codes; step -= Lanes)
        {
            for (var lane = Lanes - 1; lane >= 0; lane--)
            {
                if ((step[lane] & TokenMask) >= Tokens.FirstBucket) WriteExtra(ref states[lane], step[lane], ref words);
            }

            for (var lane = Lanes - 1; lane >= 0; lane--)
            {
                var code = step[lane] & mask;
                var share = table[code];
                var frequency = share & FrequencyMask;
                var state = states[lane];
                if (state >= frequency << TokenStream.FlushShift)
                {
                    *--words = (ushort)state;
                    state >>= 16;
                }

                var (quotient, remainder) = Math.DivRem(state, frequency);
                states[lane] = (quotient << TokenModel.ScaleBits) + remainder + (share >> EncoderTable.StartBit);
            }
        }

        return words;
    }

    /// <summary>
    /// Sixteen lanes at a time. A state that has room is below f·2^20, so a quotient has 20 bits. Taken in binary32 from reciprocals that are
    /// smaller by 2^−22, which is more than all rounding adds, it is never too large and at most one too small.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Wide(uint* states, uint* table, int mask, ushort* words, int* codes, int steps)
    {
        var room = stackalloc uint[2 * Lanes];
        var indices = LaneTable.Align(room);
        var state = Vector512.Load(states);
        for (var step = codes + (steps - 1) * Lanes; step >= codes; step -= Lanes)
        {
            var code = Vector512.Load(step);
            if (Vector512.GreaterThanOrEqualAny(code & Vector512.Create(TokenMask), Vector512.Create(Tokens.FirstBucket))) state = WriteExtras(state, code, ref words);
            (code & Vector512.Create(mask)).AsUInt32().Store(indices);
            var share = LaneTable.Sixteen(table, indices);
            var frequency = share & Vector512.Create(FrequencyMask);
            var reciprocal = Vector512.Create(1 - 1f / (1 << 22)) / Vector512.ConvertToSingle(frequency.AsInt32());
            state = LaneWords.Flush(state, frequency << TokenStream.FlushShift, ref words);
            var quotient = Vector512.ConvertToInt32Native(Vector512.ConvertToSingle(state.AsInt32()) * reciprocal).AsUInt32();

            // It has 12 bits, for which products of 16 bits do.
            var remainder = (state.AsUInt16() - quotient.AsUInt16() * frequency.AsUInt16()).AsUInt32() & Vector512.Create(0xFFFFu);
            var over = Vector512.GreaterThanOrEqual(remainder, frequency) & (Vector512.Create((uint)TokenModel.Scale) - frequency);
            state = (quotient << TokenModel.ScaleBits) + remainder + (share >> EncoderTable.StartBit) + over;
        }

        state.Store(states);
        return words;
    }

    // As WriteExtra, the highest lane first; one without extra bits stays.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> WriteExtras(Vector512<uint> state, Vector512<int> code, ref ushort* words)
    {
        if (!Avx512F.IsSupported) return WriteOneByOne(state, code, ref words);
        var bits = Tokens.ExtraBits((code & Vector512.Create(TokenMask)).AsUInt32());
        state = LaneWords.Flush(state, Avx512F.ShiftRightLogicalVariable(Vector512.Create(1u << 31), bits), ref words);
        return Avx512F.ShiftLeftLogicalVariable(state, bits) | code.AsUInt32() >> TokenStream.ExtraBit;
    }

    // Apart from the loop that calls it, which would otherwise have more variables than the compiler keeps in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector512<uint> WriteOneByOne(Vector512<uint> state, Vector512<int> code, ref ushort* words)
    {
        for (var lane = Lanes - 1; lane >= 0; lane--)
        {
            var one = Unsafe.Add(ref Unsafe.As<Vector512<int>, int>(ref code), lane);
            if ((one & TokenMask) >= Tokens.FirstBucket) WriteExtra(ref Unsafe.Add(ref Unsafe.As<Vector512<uint>, uint>(ref state), lane), one, ref words);
        }

        return state;
    }

    // A power of two as frequency: the bits go below those of the state.
    private static void WriteExtra(ref uint state, int code, ref ushort* words)
    {
        var bits = Tokens.ExtraBits(code & TokenMask);
        if (state >= 1u << (31 - bits))
        {
            *--words = (ushort)state;
            state >>= 16;
        }

        state = state << bits | (uint)code >> TokenStream.ExtraBit;
    }
}
