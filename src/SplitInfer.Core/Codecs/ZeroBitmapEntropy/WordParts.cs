namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>Where the words of a chunk lie taken apart.</summary>
internal readonly ref struct WordParts
{
    // A word of four bytes is written at once where three are meant.
    private const int Spill = sizeof(uint);

    /// <summary>Bytes that the parts of any chunk take.</summary>
    public const int WorkLength = 2 * Chunks.Bytes + Spill;

    /// <summary>Bytes that a chunk takes at most before it is found to be too long: all words new and nothing compressed.</summary>
    public const int MaxLength = WorkLength + 64;

    public WordParts(Span<byte> work, int words, int wordBytes)
    {
        var kinds = (words + 3) / 4;
        Kinds = work[..kinds];
        Heads = work.Slice(kinds, words);
        Tails = work.Slice(kinds + words, words * (wordBytes - 1) + Spill);
    }

    /// <summary>Two bits for each word, the lowest of a byte first.</summary>
    public Span<byte> Kinds { get; }

    /// <summary>The high byte of each new word, rotated so that the sign is its lowest bit: the exponent.</summary>
    public Span<byte> Heads { get; }

    /// <summary>The other bytes of each new word, and room for one more word.</summary>
    public Span<byte> Tails { get; }
}
