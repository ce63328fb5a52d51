namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>A run of words as the bitmap of those that are not zero, followed by these.</summary>
internal static unsafe class ZeroWords
{
    /// <summary>Writes bitmap and words; up to 64 bytes behind them are overwritten.</summary>
    /// <returns>Bytes written.</returns>
    public static int Compact(ReadOnlySpan<byte> source, int wordBytes, Span<byte> destination, VectorPath path)
    {
        var words = source.Length / wordBytes;
        var bitmap = Bitmap.Length(words);
        if (destination.Length < bitmap + source.Length + 64) throw new ArgumentException("The room is too small for these words.", nameof(destination));
        fixed (byte* from = source, to = destination)
        {
            return bitmap + wordBytes * (wordBytes == sizeof(uint)
                ? WordCompaction.Compact((uint*)from, words, to, (uint*)(to + bitmap), path)
                : HalfWordCompaction.Compact((ushort*)from, words, to, (ushort*)(to + bitmap), path));
        }
    }

    /// <summary>Reads bitmap and words that may be forged.</summary>
    /// <returns>Whether their number is exactly that of the bitmap.</returns>
    public static bool TryExpand(ReadOnlySpan<byte> source, int wordBytes, Span<byte> destination, VectorPath path)
    {
        var words = destination.Length / wordBytes;
        var bitmap = Bitmap.Length(words);
        if (source.Length < bitmap) return false;
        var kept = Bitmap.CountOnes(source[..bitmap], words);
        if (kept < 0 || source.Length != bitmap + wordBytes * kept) return false;
        fixed (byte* from = source, to = destination)
        {
            if (wordBytes == sizeof(uint)) WordExpansion.Expand(from, (uint*)(from + bitmap), (uint*)(from + source.Length), (uint*)to, words, path);
            else HalfWordCompaction.Expand(from, (ushort*)(from + bitmap), (ushort*)(from + source.Length), (ushort*)to, words, path);
        }

        return true;
    }
}
