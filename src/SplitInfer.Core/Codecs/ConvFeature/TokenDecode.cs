using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using SplitInfer.Codecs.Entropy;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// Decodes a row of values for all lanes. A step begins only while <c>words</c> is not past <c>end</c> and reads no further than
/// <see cref="TokenStream.Spill"/> words; one that may not begin leaves <c>words</c> past the end.
/// </summary>
internal static unsafe class TokenDecode
{
    private const int Lanes = LaneLayout.Lanes;
    private const uint SlotMask = TokenModel.Scale - 1;

    /// <summary>The reference.</summary>
    public static void Scalar(in RowWindow window, int live, int reach, uint* states, uint* table, int* starts, ref ushort* words, ushort* end)
    {
        var tokens = stackalloc int[Lanes];
        for (var x = 0; x < window.Width && words <= end; x++)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                var context = lane < live ? new Prediction(window, x * Lanes + lane, reach).Context : Contexts.Certain;
                var state = states[lane];
                var entry = table[starts[context] + (state & SlotMask)];
                tokens[lane] = (byte)entry;
                state = ((entry >> DecoderTables.FrequencyLessOneBit & SlotMask) + 1) * (state >> TokenModel.ScaleBits) + (entry >> DecoderTables.OffsetBit);
                if (state < Rans.LowBound) state = state << 16 | *words++;
                states[lane] = state;
            }

            for (var lane = 0; lane < Lanes; lane++)
            {
                var at = x * Lanes + lane;
                var place = tokens[lane] < Tokens.FirstBucket ? tokens[lane] : ReadPlace(tokens[lane], ref states[lane], ref words);
                var prediction = new Prediction(window, at, reach);
                window.Values[at] = prediction.ValueAt(place);
                window.Errors[at] = prediction.ErrorOf(window.Values[at]);
            }
        }
    }

    /// <summary>Sixteen lanes at a time.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Wide(in RowWindow window, int live, int reach, uint* states, uint* table, int* starts, ref ushort* words, ushort* end)
    {
        var isFirst = window.IsFirstRow;
        var room = stackalloc uint[2 * Lanes];
        var indices = LaneTable.Align(room);
        var firstSlots = new LaneStarts(starts);
        var isLive = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(live));
        var reaches = Vector512.Create(reach);
        var state = Vector512.Load(states);
        var (left, errorLeft) = (Vector512.Load(window.Values - Lanes), Vector512.Load(window.Errors - Lanes));
        var word = words;
        var behind = window.Width * Lanes;
        for (var at = 0; at < behind && word <= end; at += Lanes)
        {
            var prediction = new LanePrediction(window, at, isFirst, left, errorLeft, reaches);
            ((state & Vector512.Create(SlotMask)) + (firstSlots.Of(prediction.Context) & isLive).AsUInt32()).Store(indices);
            var entry = LaneTable.Sixteen(table, indices);
            var place = (entry & Vector512.Create(0xFFu)).AsInt32();
            state = ((entry >> DecoderTables.FrequencyLessOneBit & Vector512.Create(SlotMask)) + Vector512<uint>.One) * (state >> TokenModel.ScaleBits) + (entry >> DecoderTables.OffsetBit);
            state = LaneWords.Refill(state, Vector512.Create(Rans.LowBound), ref word);
            if (Vector512.GreaterThanOrEqualAny(place, Vector512.Create(Tokens.FirstBucket))) (place, state) = ReadPlaces(place.AsUInt32(), state, ref word);
            left = prediction.ValueAt(place);
            errorLeft = prediction.ErrorOf(left);
            left.Store(window.Values + at);
            errorLeft.Store(window.Errors + at);
        }

        state.Store(states);
        words = word;
    }

    // If a token represents several values, the extra bits select one; other tokens have no extra bits and do not change.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int> Places, Vector512<uint> State) ReadPlaces(Vector512<uint> tokens, Vector512<uint> state, ref ushort* words)
    {
        if (!Avx512F.IsSupported) return ReadOneByOne(tokens, state, ref words);
        var bits = Tokens.ExtraBits(tokens);
        var rest = Avx512F.ShiftRightLogicalVariable(state, bits);
        var extra = state ^ Avx512F.ShiftLeftLogicalVariable(rest, bits);
        var first = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(2u) | tokens & Vector512<uint>.One, bits) + Vector512.Create((uint)Tokens.PlaceBias);
        var places = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(tokens, Vector512.Create((uint)Tokens.FirstBucket)), first + extra, tokens);
        return (places.AsInt32(), LaneWords.Refill(rest, Vector512.Create(Rans.LowBound), ref words));
    }

    // Apart from the loop that calls it, which would otherwise have more variables than the compiler keeps in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static (Vector512<int> Places, Vector512<uint> State) ReadOneByOne(Vector512<uint> tokens, Vector512<uint> state, ref ushort* words)
    {
        var places = tokens.AsInt32();
        for (var lane = 0; lane < Lanes; lane++)
        {
            ref var place = ref Unsafe.Add(ref Unsafe.As<Vector512<int>, int>(ref places), lane);
            if (place >= Tokens.FirstBucket) place = ReadPlace(place, ref Unsafe.Add(ref Unsafe.As<Vector512<uint>, uint>(ref state), lane), ref words);
        }

        return (places, state);
    }

    private static int ReadPlace(int token, ref uint state, ref ushort* words)
    {
        var bits = Tokens.ExtraBits(token);
        var extra = (int)(state & (1u << bits) - 1);
        state >>= bits;
        if (state < Rans.LowBound) state = state << 16 | *words++;
        return Tokens.FirstPlace(token) + extra;
    }
}
