using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>
/// The prediction of four words of 32 bits at a time, whose left neighbour is the word before and whose upper one is at least four words
/// back. Four words have one byte of kinds, and a byte shuffle is not wider, so every vector path uses this one.
/// </summary>
internal static unsafe class VectorPrediction
{
    /// <summary>Words at a time.</summary>
    public const int Lanes = 4;

    private const byte None = 0x80;

    // 16 bytes for each mask of four lanes. Packed: tails of the lanes in the mask, then from byte 12 on their heads.
    private static readonly byte[] ToParts = Build(static (mask, place) =>
    {
        var lane = NthLane(mask, place < 12 ? place / 3 : place - 12);
        return lane < 0 ? -1 : lane * 4 + (place < 12 ? place % 3 : 3);
    });

    // The way back: each lane in the mask from the tails and heads.
    private static readonly byte[] FromParts = Build(static (mask, place) =>
    {
        var (lane, part) = (place / 4, place % 4);
        var rank = int.PopCount(mask & ((1 << lane) - 1));
        return (mask >> lane & 1) == 0 ? -1 : part < 3 ? rank * 3 + part : 12 + rank;
    });

    // Each lane in the mask from the nearest one to its left that is not; nothing where there is none.
    private static readonly byte[] FromLeft = Build(static (mask, place) =>
    {
        var lane = place / 4;
        while (lane >= 0 && (mask >> lane & 1) != 0) lane--;
        return lane < 0 ? -1 : lane * 4 + place % 4;
    });

    // Kinds to the mask of their low bits and, from bit 4 on, of their high bits.
    private static readonly byte[] BitsOfKinds = [.. Enumerable.Range(0, 256).Select(static kinds => (byte)(Every(kinds) | Every(kinds >> 1) << 4))];

    // The way back for one of the masks.
    private static readonly byte[] KindsOfBits = [.. Enumerable.Range(0, 16).Select(static bits => (byte)((bits & 1) | (bits & 2) << 1 | (bits & 4) << 2 | (bits & 8) << 3))];

    /// <summary>Takes words apart.</summary>
    /// <param name="words">The first; its neighbours are there.</param>
    /// <param name="count">A multiple of <see cref="Lanes"/>.</param>
    /// <param name="up">Words back to the upper neighbour.</param>
    /// <param name="parts">Where the parts go.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Split(uint* words, int count, int up, ref PartPointers parts)
    {
        var at = parts;
        fixed (byte* toParts = ToParts, kindsOfBits = KindsOfBits)
        {
            for (var i = 0; i < count; i += Lanes)
            {
                var word = Vector128.Load(words + i);
                var nonZero = ~Vector128.Equals(word, Vector128<uint>.Zero);
                var isLeft = Vector128.Equals(word, Vector128.Load(words + i - 1));
                var isUp = Vector128.Equals(word, Vector128.Load(words + i - up));
                var low = (nonZero & (isLeft | ~isUp)).ExtractMostSignificantBits();
                var high = (nonZero & ~isLeft).ExtractMostSignificantBits();
                *at.Kinds++ = (byte)(kindsOfBits[low] | kindsOfBits[high] << 1);

                var fresh = low & high;
                var packed = Vector128.ShuffleNative((word << 1 | word >>> 31).AsByte(), Vector128.Load(toParts + fresh * 16));
                packed.Store(at.Tails);
                *(uint*)at.Heads = packed.AsUInt32()[3];
                at.Tails += 3 * BitOperations.PopCount(fresh);
                at.Heads += BitOperations.PopCount(fresh);
            }
        }

        parts = at;
    }

    /// <summary>Puts words together.</summary>
    /// <param name="words">The first word; the memory before it must be readable.</param>
    /// <param name="count">A multiple of <see cref="Lanes"/>.</param>
    /// <param name="up">Words back to the upper neighbour.</param>
    /// <param name="parts">Where the parts are.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Join(uint* words, int count, int up, ref PartPointers parts)
    {
        if (count == 0) return;
        var at = parts;
        var lanes = Vector128.Create(1u, 2, 4, 8);
        var before = Vector128.Create(words[-1]);
        fixed (byte* fromParts = FromParts, fromLeft = FromLeft, bitsOfKinds = BitsOfKinds)
        {
            for (var i = 0; i < count; i += Lanes)
            {
                uint bits = bitsOfKinds[*at.Kinds++], low = bits & 0xF, high = bits >> 4, fresh = low & high;
                var turned = Vector128.ShuffleNative(Vector128.Load(at.Tails).AsUInt32().WithElement(3, *(uint*)at.Heads).AsByte(), Vector128.Load(fromParts + fresh * 16)).AsUInt32();
                at.Tails += 3 * BitOperations.PopCount(fresh);
                at.Heads += BitOperations.PopCount(fresh);

                // The lanes that repeat the one to the left: from within these four, else from the last of the four before.
                var isUp = Vector128.Equals(Vector128.Create(high & ~low) & lanes, lanes);
                var word = turned >>> 1 | turned << 31 | Vector128.Load(words + i - up) & isUp;
                var left = Vector128.Load(fromLeft + (low & ~high) * 16);
                var isBefore = Vector128.LessThan(left.AsInt32(), Vector128<int>.Zero).AsUInt32();
                word = Vector128.ShuffleNative(word.AsByte(), left).AsUInt32() | before & isBefore;
                word.Store(words + i);
                before = Vector128.Shuffle(word, Vector128.Create(3u, 3, 3, 3));
            }
        }

        parts = at;
    }

    private static byte[] Build(Func<int, int, int> source) =>
        [.. from mask in Enumerable.Range(0, 16) from place in Enumerable.Range(0, 16) let at = source(mask, place) select at < 0 ? None : (byte)at];

    private static int NthLane(int mask, int n)
    {
        for (var lane = 0; lane < Lanes; lane++)
        {
            if ((mask >> lane & 1) != 0 && n-- == 0) return lane;
        }

        return -1;
    }

    private static int Every(int kinds) => (kinds & 1) | (kinds >> 1 & 2) | (kinds >> 2 & 4) | (kinds >> 3 & 8);
}
