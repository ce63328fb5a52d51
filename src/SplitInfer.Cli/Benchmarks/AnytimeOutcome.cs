namespace SplitInfer.Cli.Benchmarks;

/// <summary>What came of one request.</summary>
internal readonly record struct AnytimeOutcome
{
    /// <summary>What was the matter.</summary>
    public required AnytimeFault Fault { get; init; }

    /// <summary>Whether there was an answer.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>How long after the deadline the call ended; negative where it was before.</summary>
    public required TimeSpan After { get; init; }

    /// <summary>The exit that answered; 0 for the model.</summary>
    public int Exit { get; init; }

    /// <summary>Whether the server answered.</summary>
    public bool IsByServer { get; init; }

    /// <summary>Whether the answer is not that of whom it names.</summary>
    public bool IsWrong { get; init; }

    /// <summary>Whether its class is the right one.</summary>
    public bool IsRight { get; init; }

    /// <summary>Whether that of the best answer that anybody could have had is.</summary>
    public bool IsOracleRight { get; init; }

    /// <summary>Whether a timer that was to end by the deadline was late.</summary>
    public bool IsTimerLate { get; init; }

    /// <summary>How long the head took, which is of use whoever answers.</summary>
    public TimeSpan HeadTime { get; init; }

    /// <summary>How long the device computed for it.</summary>
    public TimeSpan DeviceTime { get; init; }

    /// <summary>Whether the answer came later than a timer may be.</summary>
    public bool IsLate => After > AnytimeWorld.Grace;
}

/// <summary>What requests with a deadline came to while links and servers failed, for one contender.</summary>
/// <param name="Contender">Who it is.</param>
/// <param name="DeadlineMs">The deadline, ms.</param>
/// <param name="Requests">How many requests there were.</param>
/// <param name="Late">Calls that ended more than 5 ms after the deadline, with an answer or without.</param>
/// <param name="LatestMs">How long after the deadline the last one ended, ms; negative where all were in time.</param>
/// <param name="LateAlone">Those of them whose timer, a plain one of the process that was to end by the same deadline, was not that late: what is not the machine's doing.</param>
/// <param name="TimersLate">Timers that were: what the machine adds.</param>
/// <param name="Missed">Requests without an answer.</param>
/// <param name="Wrong">Answers whose outputs are neither the model's nor those of the exit that they name.</param>
/// <param name="Accuracy">Share of requests with a right answer in time.</param>
/// <param name="OracleAccuracy">A bound from above on what anybody could have had.</param>
/// <param name="Ratio">Of both.</param>
/// <param name="ExitShare">Share of requests that an exit answered.</param>
/// <param name="ServerShare">Share of requests that the server answered.</param>
/// <param name="ExtraShare">What the device computed in vain beside a server that answered, of all that it computed.</param>
/// <param name="CpuMs">Processor time of the client's process, ms a request.</param>
/// <param name="Faults">The same by what was the matter.</param>
internal sealed record AnytimeRow(
    string Contender, double DeadlineMs, int Requests, int Late, int LateAlone, double LatestMs, int TimersLate, int Missed, int Wrong, double Accuracy, double OracleAccuracy, double Ratio, double ExitShare, double ServerShare, double ExtraShare, double CpuMs,
    IReadOnlyList<AnytimeFaultRow> Faults);

/// <summary>What requests came to while one thing was the matter.</summary>
/// <param name="Fault">What was.</param>
/// <param name="Requests">How many requests there were.</param>
/// <param name="Late">Calls that ended more than 5 ms after the deadline.</param>
/// <param name="Missed">Requests without an answer.</param>
/// <param name="ServerShare">Share of requests that the server answered.</param>
/// <param name="Accuracy">Share of requests with a right answer in time.</param>
/// <param name="OracleAccuracy">A bound from above on what anybody could have had.</param>
internal sealed record AnytimeFaultRow(string Fault, int Requests, int Late, int Missed, double ServerShare, double Accuracy, double OracleAccuracy);

/// <summary>What the device takes alone, and what its answers are worth.</summary>
/// <param name="DeviceMs">The model on the device, ms.</param>
/// <param name="ModelAccuracy">Share of samples that it answers right.</param>
/// <param name="ExitMs">The head up to each exit, ms.</param>
/// <param name="ExitAccuracy">Share of samples that each answers right, however sure it is.</param>
internal sealed record AnytimeDeviceRow(double DeviceMs, double ModelAccuracy, IReadOnlyList<double> ExitMs, IReadOnlyList<double> ExitAccuracy);

/// <summary>Counts the requests of one contender. Not thread-safe.</summary>
internal sealed class AnytimeTally
{
    private readonly List<AnytimeOutcome> _outcomes = [];
    private TimeSpan _cpu;

    /// <summary>Counts a request.</summary>
    /// <param name="outcome">What came of it.</param>
    /// <param name="cpu">The processor time of this process meanwhile.</param>
    public void Add(in AnytimeOutcome outcome, TimeSpan cpu)
    {
        _outcomes.Add(outcome);
        _cpu += cpu;
    }

    /// <summary>What was counted.</summary>
    public AnytimeRow Row(string contender, TimeSpan deadline)
    {
        var (accuracy, oracle) = (Accuracy(_outcomes), OracleAccuracy(_outcomes));
        var inVain = _outcomes.Where(static one => one.IsByServer).Sum(static one => Math.Max(0, (one.DeviceTime - one.HeadTime).TotalSeconds));
        return new(
            contender, deadline.TotalMilliseconds, _outcomes.Count, _outcomes.Count(static one => one.IsLate), _outcomes.Count(static one => one is { IsLate: true, IsTimerLate: false }), _outcomes.Max(static one => one.After).TotalMilliseconds, _outcomes.Count(static one => one.IsTimerLate),
            _outcomes.Count(static one => !one.IsAnswered), _outcomes.Count(static one => one.IsWrong), accuracy, oracle, oracle > 0 ? accuracy / oracle : 1, Share(_outcomes, static one => one.Exit > 0), Share(_outcomes, static one => one.IsByServer),
            _outcomes.Sum(static one => one.DeviceTime.TotalSeconds) is > 0 and var all ? inVain / all : 0, _cpu.TotalMilliseconds / _outcomes.Count,
            [.. _outcomes.GroupBy(static one => one.Fault).OrderBy(static group => group.Key).Select(static group => FaultRow(group.Key, [.. group]))]);
    }

    private static AnytimeFaultRow FaultRow(AnytimeFault fault, AnytimeOutcome[] outcomes) => new(
        fault.ToString(), outcomes.Length, outcomes.Count(static one => one.IsLate), outcomes.Count(static one => !one.IsAnswered), Share(outcomes, static one => one.IsByServer), Accuracy(outcomes), OracleAccuracy(outcomes));

    private static double Accuracy(IReadOnlyCollection<AnytimeOutcome> outcomes) => Share(outcomes, static one => one is { IsAnswered: true, IsLate: false, IsWrong: false, IsRight: true });

    private static double OracleAccuracy(IReadOnlyCollection<AnytimeOutcome> outcomes) => Share(outcomes, static one => one.IsOracleRight);

    private static double Share(IReadOnlyCollection<AnytimeOutcome> outcomes, Func<AnytimeOutcome, bool> isSo) => (double)outcomes.Count(isSo) / outcomes.Count;
}
