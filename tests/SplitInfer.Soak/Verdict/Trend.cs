namespace SplitInfer.Soak.Verdict;

/// <summary>How a series goes on in time, such that single samples say little: the median of the slopes between all pairs (Theil and Sen).</summary>
internal static class Trend
{
    /// <summary>By how much the series grows over its whole length; negative where it shrinks, 0 with fewer than two points.</summary>
    /// <param name="points">Times in seconds, rising, and values.</param>
    public static double Growth(IReadOnlyList<(double Seconds, double Value)> points)
    {
        if (points.Count < 2) return 0;
        var slopes = new List<double>();
        for (var i = 0; i < points.Count; i++)
        {
            for (var j = i + 1; j < points.Count; j++)
                if (points[j].Seconds > points[i].Seconds) slopes.Add((points[j].Value - points[i].Value) / (points[j].Seconds - points[i].Seconds));
        }

        return slopes.Count == 0 ? 0 : Median(slopes) * (points[^1].Seconds - points[0].Seconds);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        var middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
