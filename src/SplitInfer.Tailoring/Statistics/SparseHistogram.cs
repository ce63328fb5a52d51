namespace SplitInfer.Tailoring.Statistics;

/// <summary>The bins of a histogram of <see cref="ValueStatistics"/> that are not empty, in rising order. Immutable.</summary>
internal sealed class SparseHistogram
{
    private readonly ushort[] _bins;
    private readonly long[] _counts;

    private SparseHistogram(ushort[] bins, long[] counts) => (_bins, _counts) = (bins, counts);

    /// <summary>A histogram of nothing.</summary>
    public static SparseHistogram Empty { get; } = new([], []);

    /// <summary>What is not 0 among the counts of all bins.</summary>
    /// <param name="counts">The counts, from the bin <paramref name="first"/>.</param>
    /// <param name="first">The first bin.</param>
    public static SparseHistogram Of(ReadOnlySpan<long> counts, int first = 0)
    {
        var length = counts.Length - counts.Count(0);
        var (bins, kept, at) = (new ushort[length], new long[length], 0);
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] != 0) (bins[at], kept[at++]) = ((ushort)(first + i), counts[i]);
        return new(bins, kept);
    }

    /// <summary>The counts of all bins.</summary>
    public long[] ToBins()
    {
        var counts = new long[2 * ValueStatistics.BinsPerSign];
        AddTo(counts);
        return counts;
    }

    /// <summary>Adds the counts to those of all bins.</summary>
    public void AddTo(Span<long> counts)
    {
        for (var i = 0; i < _bins.Length; i++) counts[_bins[i]] += _counts[i];
    }

    /// <summary>The same elements in bins that are wider by 2 to the power of <paramref name="shift"/>.</summary>
    public SparseHistogram Widened(int shift)
    {
        if (shift == 0 || _bins.Length == 0) return this;
        var bins = Array.ConvertAll(_bins, bin => (ushort)(((bin - ValueStatistics.BinsPerSign) >> Math.Min(shift, 31)) + ValueStatistics.BinsPerSign));
        return Merge(bins, _counts, [], []);
    }

    /// <summary>The elements of both, in bins of one width.</summary>
    public SparseHistogram Plus(SparseHistogram other) => other._bins.Length == 0 ? this : _bins.Length == 0 ? other : Merge(_bins, _counts, other._bins, other._counts);

    // Bins rise in both, and may stand there twice.
    private static SparseHistogram Merge(ReadOnlySpan<ushort> bins, ReadOnlySpan<long> counts, ReadOnlySpan<ushort> otherBins, ReadOnlySpan<long> otherCounts)
    {
        var (merged, sums, at) = (new ushort[bins.Length + otherBins.Length], new long[bins.Length + otherBins.Length], -1);
        for (var (i, j) = (0, 0); i < bins.Length || j < otherBins.Length;)
        {
            var (bin, count) = j == otherBins.Length || (i < bins.Length && bins[i] <= otherBins[j]) ? (bins[i], counts[i++]) : (otherBins[j], otherCounts[j++]);
            if (at < 0 || merged[at] != bin) merged[++at] = bin;
            sums[at] += count;
        }

        return new(merged[..(at + 1)], sums[..(at + 1)]);
    }
}
