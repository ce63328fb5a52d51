using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>Puts words of 32 bits back among zeros. The bitmap has been checked: it has as many ones as there are words.</summary>
internal static unsafe class WordExpansion
{
    /// <summary>Writes <paramref name="count"/> words: the next one of <paramref name="kept"/> for a one in <paramref name="bitmap"/>, zero else.</summary>
    /// <param name="bitmap">A bit for each word.</param>
    /// <param name="kept">Words that are not zero.</param>
    /// <param name="end">Behind the last of them; nothing is read from there on.</param>
    /// <param name="words">Receives the words.</param>
    /// <param name="count">How many.</param>
    /// <param name="path">How wide to compute.</param>
    public static void Expand(byte* bitmap, uint* kept, uint* end, uint* words, int count, VectorPath path)
    {
        var done = path switch
        {
            VectorPath.Vector512 => Wide512(bitmap, ref kept, end - 16, words, count),
            VectorPath.Vector256 => Wide256(bitmap, ref kept, end - 8, words, count),
            VectorPath.Vector128 => Wide128(bitmap, ref kept, end - 8, words, count),
            _ => 0,
        };
        Scalar(bitmap + done / 8, kept, words + done, count - done);
    }

    private static void Scalar(byte* bitmap, uint* kept, uint* words, int count)
    {
        new Span<uint>(words, count).Clear();
        for (var i = 0; i < count; i += 8)
        {
            for (uint bits = *bitmap++; bits != 0; bits &= bits - 1) words[i + BitOperations.TrailingZeroCount(bits)] = *kept++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide128(byte* bitmap, ref uint* kept, uint* last, uint* words, int count)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLanes[0]);
        var from = kept;
        var i = 0;
        for (; i <= count - 8 && from <= last; i += 8)
        {
            uint bits = *bitmap++, low = bits & 0xF, high = bits >> 4;
            Vector128.Shuffle(Vector128.Load(from).AsByte(), Vector128.Load(lanes + WordCompaction.Doubled(low) * 16)).AsUInt32().Store(words + i);
            from += BitOperations.PopCount(low);
            Vector128.Shuffle(Vector128.Load(from).AsByte(), Vector128.Load(lanes + WordCompaction.Doubled(high) * 16)).AsUInt32().Store(words + i + 4);
            from += BitOperations.PopCount(high);
        }

        kept = from;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide256(byte* bitmap, ref uint* kept, uint* last, uint* words, int count)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLanes[0]);
        var from = kept;
        var i = 0;
        for (; i <= count - 8 && from <= last; i += 8)
        {
            uint bits = *bitmap++;

            // The marker of a lane without a word, 0x80, becomes the sign by which it is cleared.
            var lane = Avx2.ConvertToVector256Int32((sbyte*)(lanes + bits * 8));
            Vector256.AndNot(Avx2.PermuteVar8x32(Vector256.Load(from), lane.AsUInt32()), (lane >> 31).AsUInt32()).Store(words + i);
            from += BitOperations.PopCount(bits);
        }

        kept = from;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide512(byte* bitmap, ref uint* kept, uint* last, uint* words, int count)
    {
        var from = kept;
        var i = 0;
        for (; i <= count - 16 && from <= last; i += 16)
        {
            uint bits = *(ushort*)bitmap;
            bitmap += sizeof(ushort);
            Avx512F.Expand(Vector512<uint>.Zero, LaneMask.Of(bits), Vector512.Load(from)).Store(words + i);
            from += BitOperations.PopCount(bits);
        }

        kept = from;
        return i;
    }
}
