namespace SplitInfer.Cli.Benchmarks;

/// <summary>The middle of measurements, which a machine that is busy elsewhere disturbs least.</summary>
internal static class Median
{
    /// <summary>The middle value; of an even number of values, the mean of the two.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
