using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>Removes 32-bit words that are zero. Up to 64 bytes behind the output are overwritten.</summary>
internal static unsafe class WordCompaction
{
    /// <summary>Writes a bit for each of <paramref name="count"/> words to <paramref name="bitmap"/> and those that are not zero to <paramref name="kept"/>.</summary>
    /// <returns>Words kept.</returns>
    public static int Compact(uint* words, int count, byte* bitmap, uint* kept, VectorPath path)
    {
        var start = kept;
        var done = path switch
        {
            VectorPath.Vector512 => Wide512(words, count, bitmap, ref kept),
            VectorPath.Vector256 => Wide256(words, count, bitmap, ref kept),
            VectorPath.Vector128 => Wide128(words, count, bitmap, ref kept),
            _ => 0,
        };
        Scalar(words + done, count - done, bitmap + done / 8, ref kept);
        return (int)(kept - start);
    }

    private static void Scalar(uint* words, int count, byte* bitmap, ref uint* kept)
    {
        for (var i = 0; i < count; i += 8)
        {
            var bits = 0u;
            for (var lane = 0; lane < Math.Min(8, count - i); lane++)
            {
                *kept = words[i + lane];
                var isKept = *kept != 0 ? 1u : 0;
                bits |= isKept << lane;
                kept += isKept;
            }

            *bitmap++ = (byte)bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide128(uint* words, int count, byte* bitmap, ref uint* kept)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.WordsToLowEnd[0]);
        var to = kept;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var (low, high) = (Vector128.Load(words + i), Vector128.Load(words + i + 4));
            var (lowBits, highBits) = (NonZero(low), NonZero(high));
            *bitmap++ = (byte)(lowBits | highBits << 4);
            to = Store(low, lowBits, to);
            to = Store(high, highBits, to);
        }

        kept = to;
        return i;

        static uint NonZero(Vector128<uint> v) => Vector128.Equals(v, Vector128<uint>.Zero).ExtractMostSignificantBits() ^ 0xF;

        // A mask of four lanes of 32 bits, each bit doubled, is one of eight lanes of 16.
        uint* Store(Vector128<uint> v, uint bits, uint* at)
        {
            Vector128.Shuffle(v.AsByte(), Vector128.Load(lanes + Doubled(bits) * 16)).AsUInt32().Store(at);
            return at + BitOperations.PopCount(bits);
        }
    }

    /// <summary>Each of four bits twice.</summary>
    public static uint Doubled(uint bits) => (bits & 1) * 3 | (bits & 2) * 6 | (bits & 4) * 12 | (bits & 8) * 24;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide256(uint* words, int count, byte* bitmap, ref uint* kept)
    {
        var lanes = (byte*)Unsafe.AsPointer(ref LaneTables.BytesToLowEnd[0]);
        var to = kept;
        var i = 0;
        for (; i <= count - 8; i += 8)
        {
            var v = Vector256.Load(words + i);
            var bits = Vector256.Equals(v, Vector256<uint>.Zero).ExtractMostSignificantBits() ^ 0xFF;
            *bitmap++ = (byte)bits;
            Avx2.PermuteVar8x32(v, Avx2.ConvertToVector256Int32(lanes + bits * 8).AsUInt32()).Store(to);
            to += BitOperations.PopCount(bits);
        }

        kept = to;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Wide512(uint* words, int count, byte* bitmap, ref uint* kept)
    {
        var to = kept;
        var i = 0;
        for (; i <= count - 16; i += 16)
        {
            // Stores that begin anywhere in a line wait for it longer than loads do.
            Sse.Prefetch0(to + 64);
            var v = Vector512.Load(words + i);
            var nonZero = ~Vector512.Equals(v, Vector512<uint>.Zero);
            var bits = (uint)nonZero.ExtractMostSignificantBits();
            *(ushort*)bitmap = (ushort)bits;
            bitmap += sizeof(ushort);
            Avx512F.Compress(Vector512<uint>.Zero, nonZero, v).Store(to);
            to += BitOperations.PopCount(bits);
        }

        kept = to;
        return i;
    }
}
