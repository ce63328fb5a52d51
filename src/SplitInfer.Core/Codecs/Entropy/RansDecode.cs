using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.Entropy;

/// <summary>
/// The inner loops of <see cref="RansDecoder"/>. Each takes up to <c>steps</c> steps of <c>lanes</c> symbols, one per lane, and
/// begins a step only while <c>words</c> is not past <c>limit</c>; a step reads no further than <c>lanes</c> + 16 words. Returns the steps taken.
/// </summary>
/// <remarks>Table entries are loaded one by one: the gather instruction is several times slower where microcode guards it.</remarks>
internal static unsafe class RansDecode
{
    private const uint SlotMask = Rans.Scale - 1;

    // Two neighbouring states in one register.
    private const ulong SlotMasks = (ulong)SlotMask << 32 | SlotMask;

    /// <summary>The reference; the only one that takes any number of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Scalar(uint* states, int lanes, uint* table, ref ushort* words, ushort* limit, byte* symbols, int steps)
    {
        var word = words;
        var step = 0;
        for (; step < steps && word <= limit; step++)
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                var state = states[lane];
                var entry = table[state & SlotMask];
                *symbols++ = (byte)entry;
                state = ((entry >> RansTables.FrequencyLessOneBit & SlotMask) + 1) * (state >> Rans.ScaleBits) + (entry >> RansTables.OffsetBit);
                if (state < Rans.LowBound) state = state << 16 | *word++;
                states[lane] = state;
            }
        }

        words = word;
        return step;
    }

    /// <summary>Four lanes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Wide128(uint* states, int lanes, uint* table, ref ushort* words, ushort* limit, byte* symbols, int steps)
    {
        var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLanes[0]);
        var (mask, one, low) = (Vector128.Create(SlotMask), Vector128.Create(1u), Vector128.Create((int)Rans.LowBound));
        var everyFourth = Vector128.Create(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1).AsByte();
        var word = words;
        var step = 0;
        for (; step < steps && word <= limit; step++)
        {
            for (var lane = 0; lane < lanes; lane += 4)
            {
                var state = Vector128.Load(states + lane);
                var pairs = (ulong*)(states + lane);
                ulong a = pairs[0] & SlotMasks, b = pairs[1] & SlotMasks;
                var entry = Vector128.Create(table[(uint)a], table[a >> 32], table[(uint)b], table[b >> 32]);
                *(uint*)symbols = Vector128.Shuffle(entry.AsByte(), everyFourth).AsUInt32().ToScalar();
                symbols += 4;
                state = ((entry >> RansTables.FrequencyLessOneBit & mask) + one) * (state >> Rans.ScaleBits) + (entry >> RansTables.OffsetBit);
                var refill = Vector128.LessThan(state.AsInt32(), low);
                var lanesToRefill = refill.ExtractMostSignificantBits();
                var shuffle = Vector128.Load(shuffles + lanesToRefill * 16);
                var fresh = Vector128.WidenLower(Vector128.Shuffle(Vector128.CreateScalar(*(ulong*)word).AsByte(), shuffle).AsUInt16());
                (Vector128.ConditionalSelect(refill.AsUInt32(), state << 16, state) | fresh).Store(states + lane);
                word += BitOperations.PopCount(lanesToRefill);
            }
        }

        words = word;
        return step;
    }

    /// <summary>Eight lanes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Wide256(uint* states, int lanes, uint* table, ref ushort* words, ushort* limit, byte* symbols, int steps)
    {
        var shuffles = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLanes[0]);
        var (mask, one, low) = (Vector256.Create(SlotMask), Vector256.Create(1u), Vector256.Create((int)Rans.LowBound));
        var everyFourth = Vector256.Create(
            0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
            -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1).AsByte();
        var word = words;
        var step = 0;
        for (; step < steps && word <= limit; step++)
        {
            for (var lane = 0; lane < lanes; lane += 8)
            {
                var state = Vector256.Load(states + lane);
                var entry = Entries(table, (ulong*)(states + lane));
                var bytes = Avx2.Shuffle(entry.AsByte(), everyFourth);
                *(ulong*)symbols = (bytes.GetLower() | bytes.GetUpper()).AsUInt64().ToScalar();
                symbols += 8;
                state = ((entry >> RansTables.FrequencyLessOneBit & mask) + one) * (state >> Rans.ScaleBits) + (entry >> RansTables.OffsetBit);
                var refill = Vector256.LessThan(state.AsInt32(), low);
                var lanesToRefill = refill.ExtractMostSignificantBits();
                var fresh = Ssse3.Shuffle(Vector128.Load((byte*)word), Vector128.Load(shuffles + lanesToRefill * 16)).AsUInt16();
                (Vector256.ConditionalSelect(refill.AsUInt32(), state << 16, state) | Avx2.ConvertToVector256Int32(fresh).AsUInt32()).Store(states + lane);
                word += BitOperations.PopCount(lanesToRefill);
            }
        }

        words = word;
        return step;
    }

    /// <summary>Sixteen lanes at a time. Conditions stand where they are used, so that they stay in mask registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Wide512(uint* states, int lanes, uint* table, ref ushort* words, ushort* limit, byte* symbols, int steps)
    {
        var (mask, one, low) = (Vector512.Create(SlotMask), Vector512.Create(1u), Vector512.Create(Rans.LowBound));
        var word = words;
        var step = 0;
        for (; step < steps && word <= limit; step++)
        {
            for (var lane = 0; lane < lanes; lane += 16)
            {
                var state = Vector512.Load(states + lane);
                var entry = Entries(table, (ulong*)(states + lane)).ToVector512Unsafe().WithUpper(Entries(table, (ulong*)(states + lane + 8)));
                Avx512F.ConvertToVector128Byte(entry).Store(symbols);
                symbols += 16;
                state = ((entry >> RansTables.FrequencyLessOneBit & mask) + one) * (state >> Rans.ScaleBits) + (entry >> RansTables.OffsetBit);
                var fresh = Avx512F.Expand(Vector512<uint>.Zero, Vector512.LessThan(state, low), Avx512F.ConvertToVector512UInt32(Vector256.Load(word)));
                Vector512.ConditionalSelect(Vector512.LessThan(state, low), state << 16 | fresh, state).Store(states + lane);
                word += BitOperations.PopCount(Vector512.LessThan(state, low).ExtractMostSignificantBits());
            }
        }

        words = word;
        return step;
    }

    // The table's entries for eight states. Loads that broadcast, and blends, keep the one port that shuffles free.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Entries(uint* table, ulong* states)
    {
        ulong a = states[0] & SlotMasks, b = states[1] & SlotMasks, c = states[2] & SlotMasks, d = states[3] & SlotMasks;
        var ab = Avx2.Blend(
            Avx2.Blend(Avx2.BroadcastScalarToVector256(table + (uint)a), Avx2.BroadcastScalarToVector256(table + (a >> 32)), 0b10),
            Avx2.Blend(Avx2.BroadcastScalarToVector256(table + (uint)b), Avx2.BroadcastScalarToVector256(table + (b >> 32)), 0b1000),
            0b1100);
        var cd = Avx2.Blend(
            Avx2.Blend(Avx2.BroadcastScalarToVector256(table + (uint)c), Avx2.BroadcastScalarToVector256(table + (c >> 32)), 0b10_0000),
            Avx2.Blend(Avx2.BroadcastScalarToVector256(table + (uint)d), Avx2.BroadcastScalarToVector256(table + (d >> 32)), 0b1000_0000),
            0b1100_0000);
        return Avx2.Blend(ab, cd, 0b1111_0000);
    }
}
