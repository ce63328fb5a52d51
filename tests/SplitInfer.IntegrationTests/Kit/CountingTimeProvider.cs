using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace SplitInfer.IntegrationTests.Kit;

/// <summary>A clock that stands still until a test moves it, and knows how many timers wait for that. Thread-safe.</summary>
internal sealed class CountingTimeProvider : FakeTimeProvider
{
    private readonly ConcurrentDictionary<Timer, DateTimeOffset> _due = new();

    /// <summary>Timers that will still fire.</summary>
    public int ActiveTimers
    {
        get
        {
            var now = GetUtcNow();
            return _due.Values.Count(due => due > now);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(CountingTimeProvider owner, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // Set before it counts, so that whoever sees it can move the clock to it.
            if (!inner.Change(dueTime, period)) return false;
            if (dueTime == Timeout.InfiniteTimeSpan) owner._due.TryRemove(this, out _);
            else owner._due[this] = period > TimeSpan.Zero ? DateTimeOffset.MaxValue : owner.GetUtcNow() + dueTime;
            return true;
        }

        public void Dispose()
        {
            owner._due.TryRemove(this, out _);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
