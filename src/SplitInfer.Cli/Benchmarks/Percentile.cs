namespace SplitInfer.Cli.Benchmarks;

/// <summary>What a share of measurements is within.</summary>
internal static class Percentile
{
    /// <summary>The least value that no more than the rest is above; null of no values.</summary>
    /// <param name="values">The values, in any order.</param>
    /// <param name="share">The share that is within, above 0 to 1.</param>
    public static double? Of(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }
}
