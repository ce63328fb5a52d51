using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>Removes 16-bit words that are zero, and inserts them again. Eight lanes at a time on every vector path, because a byte shuffle is not wider.</summary>
internal static unsafe class HalfWordCompaction
{
    /// <summary>See <see cref="WordCompaction.Compact"/>.</summary>
    public static int Compact(ushort* words, int count, byte* bitmap, ushort* kept, VectorPath path)
    {
        var to = kept;
        var i = path == VectorPath.Scalar ? 0 : Wide(words, count, bitmap, ref to);
        for (; i < count; i += 8)
        {
            var bits = 0u;
            for (var lane = 0; lane < Math.Min(8, count - i); lane++)
            {
                *to = words[i + lane];
                var isKept = *to != 0 ? 1u : 0;
                bits |= isKept << lane;
                to += isKept;
            }

            bitmap[i / 8] = (byte)bits;
        }

        return (int)(to - kept);
    }

    /// <summary>See <see cref="WordExpansion.Expand"/>.</summary>
    public static void Expand(byte* bitmap, ushort* kept, ushort* end, ushort* words, int count, VectorPath path)
    {
        var i = path == VectorPath.Scalar ? 0 : WideExpand(bitmap, ref kept, end - 8, words, count);
        new Span<ushort>(words + i, count - i).Clear();
        for (; i < count; i += 8)
        {
            for (uint bits = bitmap[i / 8]; bits != 0; bits &= bits - 1) words[i + BitOperations.TrailingZeroCount(bits)] = *kept++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide(ushort* words, int count, byte* bitmap, ref ushort* kept)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLowEnd[0]);
        var to = kept;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var v = Vector128.Load(words + i);
            var bits = Vector128.Equals(v, Vector128<ushort>.Zero).ExtractMostSignificantBits() ^ 0xFF;
            *bitmap++ = (byte)bits;
            Vector128.Shuffle(v.AsByte(), Vector128.Load(lanes + bits * 16)).AsUInt16().Store(to);
            to += BitOperations.PopCount(bits);
        }

        kept = to;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int WideExpand(byte* bitmap, ref ushort* kept, ushort* last, ushort* words, int count)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLanes[0]);
        var from = kept;
        var i = 0;
        for (; i <= count - 8 && from <= last; i += 8)
        {
            uint bits = *bitmap++;
            Vector128.Shuffle(Vector128.Load(from).AsByte(), Vector128.Load(lanes + bits * 16)).AsUInt16().Store(words + i);
            from += BitOperations.PopCount(bits);
        }

        kept = from;
        return i;
    }
}
