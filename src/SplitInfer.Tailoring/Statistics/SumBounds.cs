namespace SplitInfer.Tailoring.Statistics;

/// <summary>What sums of channels can be where a histogram tells of all elements.</summary>
internal static class SumBounds
{
    /// <summary>Whether the sums of channels of a value could be of the elements that its histogram counts: each of those of a channel, and all together.</summary>
    /// <param name="value">The value.</param>
    /// <param name="counts">Its histogram, all bins.</param>
    /// <param name="rounding">How far sums may be off, relative to that of the amounts.</param>
    public static bool Hold(ValueStatistics value, ReadOnlySpan<long> counts, double rounding)
    {
        var (least, most) = (Extreme(value, counts, value.ChannelElements, isMost: false), Extreme(value, counts, value.ChannelElements, isMost: true));
        var margin = rounding * value.ChannelElements * Math.Max(Math.Abs((double)value.Minimum), Math.Abs((double)value.Maximum));
        var all = 0.0;
        foreach (var sum in value.ChannelSums)
        {
            if (!(sum >= least - margin && sum <= most + margin)) return false;
            all += sum;
        }

        margin *= value.ChannelSums.Length;
        return all >= Extreme(value, counts, value.Count, isMost: false) - margin && all <= Extreme(value, counts, value.Count, isMost: true) + margin;
    }

    /// <summary>The largest or smallest sum that so many of the elements can have.</summary>
    private static double Extreme(ValueStatistics value, ReadOnlySpan<long> counts, long elements, bool isMost)
    {
        var sum = 0.0;
        for (var place = 0; place < counts.Length && elements > 0; place++)
        {
            var bin = isMost ? counts.Length - 1 - place : place;
            var taken = Math.Min(counts[bin], elements);
            if (taken == 0) continue;
            var edge = (bin - ValueStatistics.BinsPerSign + (isMost ? 1 : 0)) * value.BinWidth;
            sum += taken * Math.Clamp(edge, value.Minimum, value.Maximum);
            elements -= taken;
        }

        return sum;
    }
}
