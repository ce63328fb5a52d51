using System.Runtime.CompilerServices;

namespace SplitInfer.Server.Scheduling;

/// <summary>How long tails run, by the runs so far. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class RunTimes(TimeProvider time)
{
    // The share of the last run in a mean: some ten runs count for one tail, some twenty for all together.
    private const double LastShare = 0.2, LastShareOfAll = 0.1;

    // An estimate by which jobs are refused becomes smaller, or one slow run would have a tail refused for ever.
    private const double Doubt = 0.9;

    private readonly ConditionalWeakTable<object, Dictionary<int, Estimate>> _tails = [];

    /// <summary>The mean of what all jobs have taken of a place, s; 0 before the first.</summary>
    public double Mean { get; private set; }

    /// <summary>How long a tail will run, s; 0 where it has not run yet.</summary>
    public double Expect(in TailJobTerms tail) => Find(tail).Seconds;

    /// <summary>What a job of a tail will take of a place, s: less than <see cref="Expect"/> where several run together; 0 where it has not run yet.</summary>
    public double ExpectShare(in TailJobTerms tail) => Find(tail).Share;

    /// <summary>A tail has run.</summary>
    /// <param name="tail">The tail.</param>
    /// <param name="seconds">How long, s.</param>
    /// <param name="together">For how many jobs; called for each of them.</param>
    public void Record(in TailJobTerms tail, double seconds, int together = 1)
    {
        var share = seconds / together;
        Mean = Mean == 0 ? share : Mean + (LastShareOfAll * (share - Mean));
        var cuts = _tails.GetOrCreateValue(tail.Model);
        var isKnown = cuts.TryGetValue(tail.Cut, out var last);
        // How long one alone runs is told by those that do.
        var alone = !isKnown ? seconds : together > 1 ? last.Seconds : last.Seconds + (LastShare * (seconds - last.Seconds));
        cuts[tail.Cut] = new(alone, isKnown ? last.Share + (LastShare * (share - last.Share)) : share, time.GetTimestamp());
    }

    /// <summary>A job has run that an exit may answer. What it took says nothing of its tail.</summary>
    public void RecordExit(double seconds, bool hasRun)
    {
        if (hasRun) Mean = Mean == 0 ? seconds : Mean + (LastShareOfAll * (seconds - Mean));
    }

    /// <summary>A job was refused because of what was expected of its tail. Counts once in as long as the tail is expected to run, so that no client can talk an estimate down.</summary>
    public void DoubtExpectation(in TailJobTerms tail)
    {
        if (!_tails.TryGetValue(tail.Model, out var cuts) || !cuts.TryGetValue(tail.Cut, out var estimate)) return;
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(estimate.At, now).TotalSeconds >= estimate.Seconds) cuts[tail.Cut] = new(estimate.Seconds * Doubt, estimate.Share * Doubt, now);
    }

    private Estimate Find(in TailJobTerms tail) => _tails.TryGetValue(tail.Model, out var cuts) && cuts.TryGetValue(tail.Cut, out var estimate) ? estimate : default;

    private readonly record struct Estimate(double Seconds, double Share, long At);
}
