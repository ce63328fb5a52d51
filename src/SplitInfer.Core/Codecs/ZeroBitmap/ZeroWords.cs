using System.Numerics;
using System.Runtime.InteropServices;

namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>A run of words as the bitmap of those that are not zero, followed by these.</summary>
internal static unsafe class ZeroWords
{
    /// <summary>Bytes of the bitmap of <paramref name="words"/> words.</summary>
    public static int BitmapLength(int words) => (words + 7) / 8;

    /// <summary>Writes bitmap and words; up to 64 bytes behind them are overwritten.</summary>
    /// <returns>Bytes written.</returns>
    public static int Compact(ReadOnlySpan<byte> source, int wordBytes, Span<byte> destination, VectorPath path)
    {
        var words = source.Length / wordBytes;
        var bitmap = BitmapLength(words);
        if (destination.Length < bitmap + source.Length + 64) throw new ArgumentException("The room is too small for these words.", nameof(destination));
        fixed (byte* from = source, to = destination)
        {
            return bitmap + wordBytes * (wordBytes == sizeof(uint)
                ? WordCompaction.Compact((uint*)from, words, to, (uint*)(to + bitmap), path)
                : HalfWordCompaction.Compact((ushort*)from, words, to, (ushort*)(to + bitmap), path));
        }
    }

    /// <summary>Reads bitmap and words that may be forged.</summary>
    /// <returns>Whether they are exactly as many as the bitmap says, and no bit lies beyond the last word.</returns>
    public static bool TryExpand(ReadOnlySpan<byte> source, int wordBytes, Span<byte> destination, VectorPath path)
    {
        var words = destination.Length / wordBytes;
        var bitmap = BitmapLength(words);
        if (source.Length < bitmap || source.Length != bitmap + wordBytes * CountOnes(source[..bitmap])) return false;
        if (words % 8 != 0 && source[bitmap - 1] >> words % 8 != 0) return false;
        fixed (byte* from = source, to = destination)
        {
            if (wordBytes == sizeof(uint)) WordExpansion.Expand(from, (uint*)(from + bitmap), (uint*)(from + source.Length), (uint*)to, words, path);
            else HalfWordCompaction.Expand(from, (ushort*)(from + bitmap), (ushort*)(from + source.Length), (ushort*)to, words, path);
        }

        return true;
    }

    /// <summary>Ones in a bitmap.</summary>
    public static int CountOnes(ReadOnlySpan<byte> bitmap)
    {
        var groups = MemoryMarshal.Cast<byte, ulong>(bitmap);
        var ones = 0;
        foreach (var group in groups) ones += BitOperations.PopCount(group);
        foreach (var bits in bitmap[(groups.Length * sizeof(ulong))..]) ones += BitOperations.PopCount(bits);
        return ones;
    }
}
