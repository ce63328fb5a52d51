using SplitInfer.Soak.Processes;

namespace SplitInfer.Soak.Verdict;

/// <summary>What a quantity of a process came to after the warm-up.</summary>
/// <param name="Process">The process.</param>
/// <param name="Quantity">What was measured.</param>
/// <param name="First">Its first value after the warm-up.</param>
/// <param name="Last">Its last.</param>
/// <param name="Growth">By how much it grows over that time, by the slope.</param>
/// <param name="Limit">By how much it may; null where it is only told.</param>
internal sealed record SoakRow(string Process, string Quantity, double First, double Last, double Growth, double? Limit)
{
    /// <summary>Whether it stays within its limit.</summary>
    public bool IsWithin => Limit is not { } limit || Growth <= limit;
}

/// <summary>Judges samples.</summary>
internal static class SoakVerdict
{
    /// <summary>The most bytes of resident memory by which a process may grow after its warm-up.</summary>
    public const double MostBytes = 16 << 20;

    // The pool of threads breathes by a few, and so do connections.
    private const double MostThreads = 4, MostHandles = 8;

    /// <summary>A row for each quantity of a process.</summary>
    /// <param name="process">Its name.</param>
    /// <param name="samples">What it took after the warm-up, by the time in seconds.</param>
    public static IReadOnlyList<SoakRow> Judge(string process, IReadOnlyList<(double Seconds, ProcessUse Use)> samples)
    {
        return
        [
            Row("resident memory", static use => use.ResidentBytes / (double)(1 << 20), MostBytes / (1 << 20)),
            Row("managed memory", static use => use.ManagedBytes / (double)(1 << 20), MostBytes / (1 << 20)),
            Row("threads", static use => use.Threads, MostThreads),
            Row("handles", static use => use.Handles, MostHandles),
        ];

        SoakRow Row(string quantity, Func<ProcessUse, double> value, double limit)
        {
            (double Seconds, double Value)[] points = [.. samples.Select(s => (s.Seconds, value(s.Use)))];
            return new(process, quantity, points.Length == 0 ? 0 : points[0].Value, points.Length == 0 ? 0 : points[^1].Value, Trend.Growth(points), limit);
        }
    }
}
