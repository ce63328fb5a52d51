namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>How far the parts of a chunk were written or read.</summary>
internal unsafe struct PartPointers
{
    /// <summary>The next kinds, of four words.</summary>
    public byte* Kinds;

    /// <summary>The next head.</summary>
    public byte* Heads;

    /// <summary>The next tail.</summary>
    public byte* Tails;
}
