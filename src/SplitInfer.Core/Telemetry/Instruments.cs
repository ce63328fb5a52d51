using System.Diagnostics.Metrics;

namespace SplitInfer.Telemetry;

/// <summary>What the instruments of clients and servers have in common.</summary>
internal static class Instruments
{
    // From a tenth of a millisecond, which a small model takes, to what somebody still waits for.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    /// <summary>A histogram of durations, s, with the same buckets everywhere, so that those of several processes can be added up.</summary>
    public static Histogram<double> CreateDuration(this Meter meter, string name, string description) => meter.CreateHistogram(name, "s", description, tags: null, Seconds);
}
