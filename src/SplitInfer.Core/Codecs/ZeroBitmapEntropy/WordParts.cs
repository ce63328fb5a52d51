using System.Numerics;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>The words of a chunk taken apart.</summary>
internal readonly ref struct WordParts
{
    // The loops touch up to a vector more than there is.
    private const int Spill = 16;

    /// <summary>Bytes that the parts of any chunk take.</summary>
    public const int WorkLength = 2 * Chunks.Bytes + 2 * Spill;

    private readonly int _words;

    public WordParts(Span<byte> work, int words, int wordBytes)
    {
        var kinds = (words + 3) / 4;
        _words = words;
        Kinds = work[..kinds];
        Heads = work.Slice(kinds, words + Spill);
        Tails = work.Slice(kinds + words + Spill, words * (wordBytes - 1) + Spill);
    }

    /// <summary>
    /// Two bits for each word, the lowest of a byte first: 0 if the word is zero, 1 if it equals the word to the left, 2 if it equals the
    /// word above, 3 if it is new. Words before the first of the tensor count as zero.
    /// </summary>
    public Span<byte> Kinds { get; }

    /// <summary>The high byte of each new word, turned so that the sign is its lowest bit: the exponent.</summary>
    public Span<byte> Heads { get; }

    /// <summary>The other bytes of each new word.</summary>
    public Span<byte> Tails { get; }

    /// <summary>New words that kinds which may be forged ask for; −1 where there are kinds beyond the last word.</summary>
    public int CountNew()
    {
        if (_words % 4 != 0 && Kinds[^1] >> _words % 4 * 2 != 0) return -1;
        var count = 0;
        foreach (uint four in Kinds) count += BitOperations.PopCount(four & four >> 1 & 0x55);
        return count;
    }
}
