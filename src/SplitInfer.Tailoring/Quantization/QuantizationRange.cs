using SplitInfer.Tailoring.Statistics;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// The interval [<paramref name="Low"/>, <paramref name="High"/>] that 8 bits stand for, 0 within it: x ≈ s·(q − z) with s = (High − Low)/255 and
/// z = round(−Low/s) for unsigned q.
/// </summary>
internal readonly record struct QuantizationRange(double Low, double High)
{
    private const int Levels = 255;

    // A scale that is not normal would not survive a division.
    private const float LeastScale = 1e-30f;

    /// <summary>Ends that are tried: from this share of the largest value to all of it.</summary>
    private const double NarrowestShare = 0.2;

    private const int Steps = 41;

    /// <summary>The scale s.</summary>
    public float Scale => High > Low ? Math.Max((float)((High - Low) / Levels), LeastScale) : 1;

    /// <summary>The zero point z, 0 to 255.</summary>
    public byte ZeroPoint => (byte)Math.Clamp(Math.Round(-Low / Scale), 0, Levels);

    /// <summary>The interval that holds both.</summary>
    public QuantizationRange Or(QuantizationRange other) => new(Math.Min(Low, other.Low), Math.Max(High, other.High));

    /// <summary>Chooses the interval of a value.</summary>
    public static QuantizationRange Of(ValueStatistics value, RangeMethod method, double percentile)
    {
        var all = new QuantizationRange(Math.Min(0, (double)value.Minimum), Math.Max(0, (double)value.Maximum));
        return method switch
        {
            RangeMethod.Extremes => all,
            RangeMethod.Percentile => Percentile(value, all, percentile),
            _ => LeastSquares(value, all),
        };
    }

    /// <summary>The interval outside of which lies the share 1 − percentile/100 of the elements that are not 0, half of it on either side that has any.</summary>
    private static QuantizationRange Percentile(ValueStatistics value, QuantizationRange all, double percentile)
    {
        var outside = (value.Count - value.Zeros) * (1 - (percentile / 100)) / (all.Low < 0 && all.High > 0 ? 2 : 1);
        var counts = value.Counts;
        var (low, high) = (0, counts.Length - 1);
        for (double passed = counts[low]; low < ValueStatistics.BinsPerSign && passed <= outside; passed += counts[++low]) { }
        for (double passed = counts[high]; high >= ValueStatistics.BinsPerSign && passed <= outside; passed += counts[--high]) { }
        return new(Math.Max(all.Low, Math.Min(0, (low - ValueStatistics.BinsPerSign) * value.BinWidth)), Math.Min(all.High, Math.Max(0, (high + 1 - ValueStatistics.BinsPerSign) * value.BinWidth)));
    }

    /// <summary>
    /// The interval with the least expected square of the error: s²/12 for what is inside, the square of the distance for what is outside. An
    /// element that is 0 has no error, since z is whole.
    /// </summary>
    private static QuantizationRange LeastSquares(ValueStatistics value, QuantizationRange all)
    {
        var best = all;
        var counts = value.Counts;
        // The ends in turn; twice, as each depends on the other through the scale.
        for (var round = 0; round < 2; round++)
        {
            if (all.High > 0) best = Best(value, counts, best, share => best with { High = all.High * share });
            if (all.Low < 0) best = Best(value, counts, best, share => best with { Low = all.Low * share });
        }

        return best;
    }

    private static QuantizationRange Best(ValueStatistics value, ReadOnlySpan<long> counts, QuantizationRange from, Func<double, QuantizationRange> at)
    {
        var (best, least) = (from, double.PositiveInfinity);
        for (var step = Steps - 1; step >= 0; step--)
        {
            var candidate = at(NarrowestShare + ((1 - NarrowestShare) * step / (Steps - 1)));
            if (Error(value, counts, candidate) is var error && error < least) (best, least) = (candidate, error);
        }

        return best;
    }

    private static double Error(ValueStatistics value, ReadOnlySpan<long> counts, QuantizationRange range)
    {
        var (sum, inside) = (0.0, range.Scale * range.Scale / 12.0);
        var width = value.BinWidth;
        for (var bin = 0; bin < counts.Length; bin++)
        {
            var count = bin == ValueStatistics.BinsPerSign ? counts[bin] - value.Zeros : counts[bin];
            if (count == 0) continue;
            var middle = (bin - ValueStatistics.BinsPerSign + 0.5) * width;
            var beyond = middle < range.Low ? range.Low - middle : middle > range.High ? middle - range.High : 0;
            sum += count * (beyond > 0 ? beyond * beyond : inside);
        }

        return sum;
    }
}
