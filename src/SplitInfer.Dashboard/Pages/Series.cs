using SplitInfer.Dashboard.Sampling;

namespace SplitInfer.Dashboard.Pages;

/// <summary>Makes points of samples.</summary>
internal static class Series
{
    /// <summary>How many seconds the charts show.</summary>
    public const int Shown = 120;

    /// <summary>One number of each sample that is shown.</summary>
    public static ChartPoint[] Of(DashboardSnapshot snapshot, Func<Sample, double> value)
    {
        var samples = snapshot.Samples;
        var from = Math.Max(0, samples.Length - Shown);
        var points = new ChartPoint[samples.Length - from];
        for (var i = 0; i < points.Length; i++) points[i] = new(i - points.Length + 1, value(samples[from + i]));
        return points;
    }

    /// <summary>The same, without the points that are 0.</summary>
    public static ChartPoint[] Marks(DashboardSnapshot snapshot, Func<Sample, double> value) => [.. Of(snapshot, value).Where(static point => point.Value > 0)];

    /// <summary>What the axis of time says.</summary>
    public static string Ago(object value) => Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture) is var ago && ago > -0.5 ? "now" : $"{-ago:0} s ago";
}
