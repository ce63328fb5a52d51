namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>Takes chunks apart and puts them together, with vectors where they serve: for words of 32 bits whose neighbours are far enough.</summary>
internal static unsafe class WordSplitter
{
    /// <summary>Takes the words of a chunk apart.</summary>
    /// <returns>New words.</returns>
    public static int Split(WordLayout layout, ReadOnlySpan<byte> tensor, int start, int bytes, WordParts parts, VectorPath path)
    {
        fixed (byte* words = tensor, kinds = parts.Kinds, heads = parts.Heads, tails = parts.Tails)
        {
            var at = new PartPointers { Kinds = kinds, Heads = heads, Tails = tails };
            switch (layout.WordBytes)
            {
                case sizeof(uint): Split32((uint*)words, start / sizeof(uint), bytes / sizeof(uint), layout, ref at, path); break;
                case sizeof(ushort): WordPrediction.Split((ushort*)words, start / sizeof(ushort), bytes / sizeof(ushort), layout, ref at); break;
                default: WordPrediction.Split(words, start, bytes, layout, ref at); break;
            }

            return (int)(at.Heads - heads);
        }
    }

    /// <summary>Puts the words of a chunk together. There are as many heads and tails as the kinds ask for, and the words before the chunk.</summary>
    public static void Join(WordLayout layout, Span<byte> tensor, int start, int bytes, WordParts parts, VectorPath path)
    {
        fixed (byte* words = tensor, kinds = parts.Kinds, heads = parts.Heads, tails = parts.Tails)
        {
            var at = new PartPointers { Kinds = kinds, Heads = heads, Tails = tails };
            switch (layout.WordBytes)
            {
                case sizeof(uint): Join32((uint*)words, start / sizeof(uint), bytes / sizeof(uint), layout, ref at, path); break;
                case sizeof(ushort): WordPrediction.Join((ushort*)words, start / sizeof(ushort), bytes / sizeof(ushort), layout, ref at); break;
                default: WordPrediction.Join(words, start, bytes, layout, ref at); break;
            }
        }
    }

    private static void Split32(uint* words, int first, int count, WordLayout layout, ref PartPointers at, VectorPath path)
    {
        var (lead, vectors) = Plan(first, count, layout, path);
        WordPrediction.Split(words, first, lead, layout, ref at);
        VectorPrediction.Split(words + first + lead, vectors, layout.Up, ref at);
        WordPrediction.Split(words, first + lead + vectors, count - lead - vectors, layout, ref at);
    }

    private static void Join32(uint* words, int first, int count, WordLayout layout, ref PartPointers at, VectorPath path)
    {
        var (lead, vectors) = Plan(first, count, layout, path);
        WordPrediction.Join(words, first, lead, layout, ref at);
        VectorPrediction.Join(words + first + lead, vectors, layout.Up, ref at);
        WordPrediction.Join(words, first + lead + vectors, count - lead - vectors, layout, ref at);
    }

    // How many words are dealt with one by one first, because not all of their neighbours are there, and how many then in vectors.
    private static (int Lead, int Vectors) Plan(int first, int count, WordLayout layout, VectorPath path)
    {
        if (path == VectorPath.Scalar || layout.Left != 1 || layout.Up < VectorPrediction.Lanes) return (count, 0);
        var missing = Math.Max(0, Math.Max(1, layout.Up) - first);
        var lead = (int)Math.Min(count, (missing + VectorPrediction.Lanes - 1L) / VectorPrediction.Lanes * VectorPrediction.Lanes);
        return (lead, (count - lead) / VectorPrediction.Lanes * VectorPrediction.Lanes);
    }
}
