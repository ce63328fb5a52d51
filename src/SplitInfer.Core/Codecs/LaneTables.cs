namespace SplitInfer.Codecs;

/// <summary>
/// Shuffles by which chosen lanes move together or apart where the processor has no instruction for it. Each table has an entry
/// for every 8-bit mask of lanes; lanes that get nothing get index 0x80, which a byte shuffle turns to zero.
/// </summary>
internal static class LaneTables
{
    /// <summary>16 bytes a mask: shuffles eight 16-bit lanes so that those in the mask come to the low end.</summary>
    public static readonly byte[] WordsToLowEnd = Build(2, static (mask, lane) => NthLane(mask, lane));

    /// <summary>16 bytes a mask: shuffles eight 16-bit lanes so that those in the mask come to the high end.</summary>
    public static readonly byte[] WordsToHighEnd = Build(2, static (mask, lane) => NthLane(mask, lane - 8 + int.PopCount(mask)));

    /// <summary>16 bytes a mask: hands 16-bit lanes out, from the low end, to those in the mask.</summary>
    public static readonly byte[] WordsToLanes = Build(2, RankOf);

    /// <summary>8 bytes a mask: the lanes in the mask, by number, at the low end.</summary>
    public static readonly byte[] BytesToLowEnd = Build(1, static (mask, lane) => NthLane(mask, lane));

    /// <summary>8 bytes a mask: for each lane in the mask, how many are below it.</summary>
    public static readonly byte[] BytesToLanes = Build(1, RankOf);

    // The lane that is number n among those in the mask, or −1.
    private static int NthLane(int mask, int n)
    {
        if (n < 0) return -1;
        for (var lane = 0; lane < 8; lane++)
        {
            if ((mask >> lane & 1) != 0 && n-- == 0) return lane;
        }

        return -1;
    }

    private static int RankOf(int mask, int lane) => (mask >> lane & 1) != 0 ? int.PopCount(mask & ((1 << lane) - 1)) : -1;

    // Pinned, since the loops take addresses.
    private static byte[] Build(int laneBytes, Func<int, int, int> source)
    {
        var table = GC.AllocateArray<byte>(256 * 8 * laneBytes, pinned: true);
        for (var i = 0; i < table.Length; i++)
        {
            var lane = source(i / (8 * laneBytes), i / laneBytes % 8);
            table[i] = lane < 0 ? (byte)0x80 : (byte)(lane * laneBytes + i % laneBytes);
        }

        return table;
    }
}
