namespace SplitInfer.Tailoring.Calibration;

/// <summary>How often something is run to say how long it takes: as many rounds as are asked for and at least as long.</summary>
/// <param name="WarmUpRounds">Rounds before any counts.</param>
/// <param name="WarmUp">The least time before any counts.</param>
/// <param name="Rounds">Rounds that count.</param>
/// <param name="Measuring">The least time that counts.</param>
public readonly record struct MeasuringEffort(int WarmUpRounds, TimeSpan WarmUp, int Rounds, TimeSpan Measuring)
{
    /// <summary>Long enough that the runtime has compiled the loops for good, and that one disturbance does not count.</summary>
    public static MeasuringEffort Thorough { get; } = new(40, TimeSpan.FromMilliseconds(200), 15, TimeSpan.FromMilliseconds(200));

    /// <summary>For what has run many times before and is only to be known roughly.</summary>
    public static MeasuringEffort Brief { get; } = new(1, TimeSpan.Zero, 3, TimeSpan.FromMilliseconds(3));

    // s. What takes less is repeated until a round does, or the clock would show.
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
        // The middle, which a machine that is busy elsewhere disturbs least.
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
