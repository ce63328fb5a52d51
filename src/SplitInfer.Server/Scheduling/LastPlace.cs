namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Keeps the last place to run for short runs, so that no machine takes all places for as long as one run may last. A job may take it unless another
/// machine has run something lately and the job is expected to run much longer than that machine's do, or nothing tells how long. Where all tails
/// take alike, nobody waits for it. Not thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LastPlace(TimeProvider time)
{
    // Runs that differ by less are shared out by turns alone.
    private const double MostTimesAsLong = 16;

    // Below this, a run keeps nobody waiting, s.
    private const double LeastLong = 0.05;

    // Most of those who connect again and again are among them; the oldest is forgotten for a new one.
    private const int MaxMachines = 256;

    private const double LastShare = 0.2;
    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Recent> _machines = new(StringComparer.Ordinal);

    /// <summary>Whether a job may take it.</summary>
    /// <param name="machine">Whose job it is.</param>
    /// <param name="expected">How long its run is expected to take, s; 0 where nothing tells.</param>
    public bool MayTake(string machine, double expected)
    {
        if (expected is > 0 and <= LeastLong) return true;
        var now = time.GetTimestamp();
        foreach (var (name, recent) in _machines)
        {
            if (name == machine || time.GetElapsedTime(recent.At, now) > Lately) continue;
            if (expected == 0 || expected > MostTimesAsLong * recent.Seconds) return false;
        }

        return true;
    }

    /// <summary>A job has run.</summary>
    /// <param name="machine">Whose it was.</param>
    /// <param name="seconds">How long it ran, s.</param>
    public void Record(string machine, double seconds)
    {
        var isKnown = _machines.TryGetValue(machine, out var last);
        if (!isKnown && _machines.Count == MaxMachines) _machines.Remove(_machines.MinBy(static m => m.Value.At).Key);
        _machines[machine] = new(isKnown ? last.Seconds + (LastShare * (seconds - last.Seconds)) : seconds, time.GetTimestamp());
    }

    private readonly record struct Recent(double Seconds, long At);
}
