namespace SplitInfer.Policies;

/// <summary>
/// Fills in, from requests, the heads that were not measured at the start: the median of the first few runs of each. Heads that
/// were measured are left alone; how much slower the device is now is for policies to learn. Thread-safe.
/// </summary>
public sealed class HeadProfileUpdater(HeadProfile profile)
{
    private const int Runs = 5;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Variant, int Partition), List<double>> _runs = [];

    /// <summary>The profile that is filled in.</summary>
    public HeadProfile Profile => profile;

    /// <summary>The head of a partition of variant 0 ran.</summary>
    public void Observe(int partition, double seconds) => Observe(variant: 0, partition, seconds);

    /// <summary>The head of a partition ran.</summary>
    public void Observe(int variant, int partition, double seconds)
    {
        lock (_gate)
        {
            if (!_runs.TryGetValue((variant, partition), out var runs))
            {
                if (profile.IsMeasured(variant, partition)) return;
                _runs[(variant, partition)] = runs = new(Runs);
            }

            if (runs.Count == Runs) return;
            runs.Add(seconds);
            profile.Record(variant, partition, MedianOf(runs));
        }
    }

    /// <summary>The middle of a few runs, the lower of two.</summary>
    public static double MedianOf(IEnumerable<double> runs)
    {
        double[] sorted = [.. runs.Order()];
        return sorted[(sorted.Length - 1) / 2];
    }
}
