namespace SplitInfer.Codecs.Entropy;

/// <summary>Byte shuffles over eight 16-bit words, 16 bytes for each 8-bit mask of lanes. A lane that gets no word gets zero.</summary>
internal static class WordShuffles
{
    private const byte Zero = 0x80;

    /// <summary>Moves the words of the lanes in the mask to the high end, their order kept.</summary>
    public static readonly byte[] ToHighEnd = Build(static (mask, word) =>
    {
        var skip = 8 - int.PopCount(mask);
        for (var lane = 0; word >= skip && lane < 8; lane++)
        {
            if ((mask >> lane & 1) != 0 && skip++ == word) return lane;
        }

        return -1;
    });

    /// <summary>Hands the words out, from the low end, to the lanes in the mask.</summary>
    public static readonly byte[] ToLanes = Build(static (mask, word) =>
        (mask >> word & 1) != 0 ? int.PopCount(mask & ((1 << word) - 1)) : -1);

    // source says which word comes to stand at a place, or −1 for none.
    private static byte[] Build(Func<int, int, int> source)
    {
        var table = GC.AllocateArray<byte>(256 * 16, pinned: true);
        for (var mask = 0; mask < 256; mask++)
        {
            for (var word = 0; word < 8; word++)
            {
                var from = source(mask, word);
                var at = mask * 16 + word * 2;
                table[at] = from < 0 ? Zero : (byte)(2 * from);
                table[at + 1] = from < 0 ? Zero : (byte)(2 * from + 1);
            }
        }

        return table;
    }
}
