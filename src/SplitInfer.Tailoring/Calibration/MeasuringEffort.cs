namespace SplitInfer.Tailoring.Calibration;

/// <summary>How often an operation runs to measure its time: at least the given number of rounds, and at least the given time.</summary>
/// <param name="WarmUpRounds">Number of warm-up rounds, which do not count.</param>
/// <param name="WarmUp">The minimum duration of the warm-up.</param>
/// <param name="Rounds">Number of rounds that count.</param>
/// <param name="Measuring">The minimum duration of the rounds that count.</param>
public readonly record struct MeasuringEffort(int WarmUpRounds, TimeSpan WarmUp, int Rounds, TimeSpan Measuring)
{
    /// <summary>Long enough for the runtime to optimise the loops fully, and for single disturbances not to matter.</summary>
    public static MeasuringEffort Thorough { get; } = new(40, TimeSpan.FromMilliseconds(200), 15, TimeSpan.FromMilliseconds(200));

    /// <summary>For operations that have run many times before and need only an approximate time.</summary>
    public static MeasuringEffort Brief { get; } = new(1, TimeSpan.Zero, 3, TimeSpan.FromMilliseconds(3));

    // s. A shorter operation is repeated within a round, because of the resolution of the clock.
    private const double ShortestRound = 20e-6;

    /// <summary>The median of the rounds, s.</summary>
    internal double SecondsOf(Action action, TimeProvider time)
    {
        var start = time.GetTimestamp();
        for (var round = 0; round < WarmUpRounds || time.GetElapsedTime(start) < WarmUp; round++) action();
        var repeats = 1;
        while (Time(action, repeats, time) < ShortestRound) repeats *= 2;
        var seconds = new List<double>();
        start = time.GetTimestamp();
        while (seconds.Count < Rounds || time.GetElapsedTime(start) < Measuring) seconds.Add(Time(action, repeats, time) / repeats);
        // The median, which other work of the machine affects least.
        seconds.Sort();
        return (seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2;
    }

    private static double Time(Action action, int repeats, TimeProvider time)
    {
        var began = time.GetTimestamp();
        for (var i = 0; i < repeats; i++) action();
        return (time.GetTimestamp() - began) / (double)time.TimestampFrequency;
    }
}
