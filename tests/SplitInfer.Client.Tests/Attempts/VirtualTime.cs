using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// A clock that stands still until a test moves it, and then stops at every moment at which a timer is due. Timers of the code
/// under test can be made to fire early, as those of an operating system may. Thread-safe, but for moving it.
/// </summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ConcurrentDictionary<Timer, DateTimeOffset> _due = new();
    private readonly DateTimeOffset _start;
    private int _timersSet;

    public VirtualTime() => _start = _clock.GetUtcNow();

    /// <summary>How much too early timers fire that are set from now on.</summary>
    public TimeSpan TimersFireEarlyBy { get; set; }

    /// <summary>How often the code under test set a timer.</summary>
    public int TimersSet => Volatile.Read(ref _timersSet);

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Now => _clock.GetUtcNow() - _start;

    /// <summary>When the next timer is due; null where none is set.</summary>
    public TimeSpan? NextDue => _due.IsEmpty ? null : _due.Values.DefaultIfEmpty(DateTimeOffset.MaxValue).Min() is var due && due == DateTimeOffset.MaxValue ? null : due - _start;

    /// <summary>Whether a timer is due at that moment since the clock was made.</summary>
    public bool IsSetFor(TimeSpan moment) => _due.Values.Contains(_start + moment);

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, isExact: false, callback, state, dueTime, period);

    /// <summary>Moves the clock on.</summary>
    public void Advance(TimeSpan by) => AdvanceTo(Now + by);

    /// <summary>Moves the clock to a moment, by way of all at which a timer is due.</summary>
    public void AdvanceTo(TimeSpan moment)
    {
        while (NextDue is { } due && due <= moment) _clock.Advance(due > Now ? due - Now : TimeSpan.Zero);
        if (moment > Now) _clock.Advance(moment - Now);
    }

    /// <summary>Waits, for those who play the world around the code under test: to the tick and never too short.</summary>
    /// <param name="delay">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="stop">Ends it.</param>
    public async Task DelayAsync(TimeSpan delay, CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        if (delay == TimeSpan.Zero) return;
        var end = new TaskCompletionSource();
        using var timer = new Timer(this, isExact: true, _ => end.TrySetResult(), null, delay, Timeout.InfiniteTimeSpan);
        using var registration = stop.UnsafeRegister(_ => end.TrySetCanceled(stop), null);
        await end.Task.ConfigureAwait(false);
    }

    private sealed class Timer : ITimer
    {
        // No timer fires while it is set, as that of FakeTimeProvider would.
        private static readonly TimeSpan Least = TimeSpan.FromTicks(1);

        private readonly Lock _gate = new();
        private readonly VirtualTime _owner;
        private readonly bool _isExact;
        private readonly ITimer _inner;

        public Timer(VirtualTime owner, bool isExact, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_owner, _isExact) = (owner, isExact);
            _inner = owner._clock.CreateTimer(
                _ =>
                {
                    // Before the callback, which may set the timer again, as others may have meanwhile.
                    lock (_gate)
                    {
                        if (owner._due.TryGetValue(this, out var due) && due <= owner._clock.GetUtcNow()) owner._due.TryRemove(this, out var _);
                    }

                    callback(state);
                },
                null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero) throw new NotSupportedException("Nothing here repeats.");
            lock (_gate)
            {
                _owner._due.TryRemove(this, out _);
                if (dueTime == Timeout.InfiniteTimeSpan) return _inner.Change(dueTime, Timeout.InfiniteTimeSpan);
                if (!_isExact)
                {
                    Interlocked.Increment(ref _owner._timersSet);
                    dueTime -= _owner.TimersFireEarlyBy;
                }

                if (dueTime < Least) dueTime = Least;
                // In this order a test that moves the clock meanwhile finds the timer due too late rather than not at all.
                if (!_inner.Change(dueTime, Timeout.InfiniteTimeSpan)) return false;
                _owner._due[this] = _owner._clock.GetUtcNow() + dueTime;
                return true;
            }
        }

        public void Dispose()
        {
            lock (_gate) _owner._due.TryRemove(this, out _);
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
