namespace SplitInfer.Emulation;

/// <summary>The shortest time that a piece of work has taken. Thread-safe.</summary>
internal sealed class FastestRun
{
    private long _ticks = long.MaxValue;

    /// <summary>Counts a run.</summary>
    /// <returns>The shortest time so far, this run's included.</returns>
    public TimeSpan With(TimeSpan run)
    {
        for (var best = Volatile.Read(ref _ticks); run.Ticks < best;)
        {
            var found = Interlocked.CompareExchange(ref _ticks, run.Ticks, best);
            if (found == best) return run;
            best = found;
        }

        return TimeSpan.FromTicks(Volatile.Read(ref _ticks));
    }
}
