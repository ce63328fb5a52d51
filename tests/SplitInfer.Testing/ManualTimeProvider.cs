namespace SplitInfer.Testing;

/// <summary>A clock that stands still until a test moves it. Thread-safe.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private TimeSpan _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that will still fire.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate) return _timers.Count(static t => t.Due is not null);
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate) return _now.Ticks;
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return Start + _now;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        lock (_gate) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on, and fires what falls due on the way, each timer at its time and in the order of the times.</summary>
    public void Advance(TimeSpan by)
    {
        TimeSpan target;
        lock (_gate) target = _now + by;
        while (TakeDue(target) is { } due) due.Fire();
        lock (_gate) _now = target;
    }

    /// <summary>Fires every timer that waits, though its time has not come, as the timers of a coarse clock may.</summary>
    public void FireEarly()
    {
        Timer[] waiting;
        lock (_gate) waiting = [.. _timers.Where(static t => t.Due is not null)];
        foreach (var timer in waiting) timer.Fire();
    }

    private Timer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            var next = _timers.Where(t => t.Due <= target).MinBy(static t => t.Due);
            if (next is null) return null;
            if (next.Due > _now) _now = next.Due.Value;
            next.Due = next.Period is { } period ? _now + period : null;
            return next;
        }
    }

    private sealed class Timer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan? Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : owner._now + dueTime;
                Period = period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero ? null : period;
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                Due = null;
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
