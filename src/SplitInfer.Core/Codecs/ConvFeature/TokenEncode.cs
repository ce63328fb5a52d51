using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// The second pass of the encoder: takes steps of codes, the last first, and writes words below <c>words</c>; up to 16 words below the last may
/// be overwritten. Returns the lowest word. The arithmetic is that of <see cref="RansEncode"/>.
/// </summary>
internal static unsafe class TokenEncode
{
    private const int Lanes = LaneLayout.Lanes;
    private const uint FrequencyMask = (1 << EncoderTable.StartBit) - 1;
    private const int TokenMask = (1 << Tokens.Bits) - 1;

    /// <summary>The reference.</summary>
    public static ushort* Scalar(uint* states, ulong* table, int mask, ushort* words, int* codes, int steps)
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
                var (reciprocal, share) = ((uint)table[code], (uint)(table[code] >> 32));
                var frequency = share & FrequencyMask;
                var state = states[lane];
                if (state >= frequency << TokenStream.FlushShift)
                {
                    *--words = (ushort)state;
                    state >>= 16;
                }

                var quotient = (uint)((ulong)state * reciprocal >> 32);
                var remainder = state - quotient * frequency;
                if (remainder >= frequency) (quotient, remainder) = (quotient + 1, remainder - frequency);
                states[lane] = (quotient << TokenModel.ScaleBits) + remainder + (share >> EncoderTable.StartBit);
            }
        }

        return words;
    }

    /// <summary>Sixteen lanes at a time.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort* Wide(uint* states, ulong* table, int mask, ushort* words, int* codes, int steps)
    {
        var room = stackalloc uint[2 * Lanes];
        var indices = LaneTable.Align(room);
        var state = Vector512.Load(states);
        for (var step = codes + (steps - 1) * Lanes; step >= codes; step -= Lanes)
        {
            var code = Vector512.Load(step);
            var inBuckets = (uint)Vector512.GreaterThanOrEqual(code & Vector512.Create(TokenMask), Vector512.Create(Tokens.FirstBucket)).ExtractMostSignificantBits();
            if (inBuckets != 0)
            {
                state.Store(states);
                for (; inBuckets != 0; inBuckets &= ~(1u << BitOperations.Log2(inBuckets)))
                {
                    var lane = BitOperations.Log2(inBuckets);
                    WriteExtra(ref states[lane], step[lane], ref words);
                }

                state = Vector512.Load(states);
            }

            (code & Vector512.Create(mask)).AsUInt32().Store(indices);
            var (low, high) = (LaneTable.Eight(table, indices), LaneTable.Eight(table, indices + 8));
            var (reciprocal, share) = (Vector512.Narrow(low, high), Vector512.Narrow(low >> 32, high >> 32));
            var frequency = share & Vector512.Create(FrequencyMask);
            state = LaneWords.Flush(state, frequency << TokenStream.FlushShift, ref words);
            var quotient = HighHalves(state, reciprocal);
            var remainder = state - quotient * frequency;
            var over = Vector512.GreaterThanOrEqual(remainder, frequency) & (Vector512.Create((uint)TokenModel.Scale) - frequency);
            state = (quotient << TokenModel.ScaleBits) + remainder + (share >> EncoderTable.StartBit) + over;
        }

        state.Store(states);
        return words;
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

    // The upper halves of products, from those of even and odd lanes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> HighHalves(Vector512<uint> left, Vector512<uint> right)
    {
        var even = Product(left.AsUInt64(), right.AsUInt64());
        var odd = Product(left.AsUInt64() >> 32, right.AsUInt64() >> 32);
        return (even >> 32 | odd & Vector512.Create(0xFFFF_FFFF_0000_0000UL)).AsUInt32();
    }

    // The low halves multiplied to the full width.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Product(Vector512<ulong> left, Vector512<ulong> right) => Avx512F.IsSupported
        ? Avx512F.Multiply(left.AsUInt32(), right.AsUInt32())
        : Vector512.Create(Product(left.GetLower(), right.GetLower()), Product(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Product(Vector256<ulong> left, Vector256<ulong> right) => Avx2.IsSupported
        ? Avx2.Multiply(left.AsUInt32(), right.AsUInt32())
        : Vector256.Create(Product(left.GetLower(), right.GetLower()), Product(left.GetUpper(), right.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Product(Vector128<ulong> left, Vector128<ulong> right) => Sse2.IsSupported
        ? Sse2.Multiply(left.AsUInt32(), right.AsUInt32())
        : (left & Vector128.Create(0xFFFF_FFFFUL)) * (right & Vector128.Create(0xFFFF_FFFFUL));
}
