namespace SplitInfer.Client.Experience;

/// <summary>Saves what ratings taught some seconds after them, so that an application that is killed loses few. On a thread of its own choice, never on that of who rates. Thread-safe.</summary>
internal sealed class RatingSaver : IAsyncDisposable
{
    /// <summary>Ratings that come in so short a time are saved together.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Func<bool> _save;
    private readonly ITimer _timer;
    private bool _isDue;

    /// <param name="save">Saves; returns whether that was possible. Thread-safe.</param>
    /// <param name="time">The clock.</param>
    public RatingSaver(Func<bool> save, TimeProvider time)
    {
        _save = save;
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => ((RatingSaver)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Saves now; returns whether that was possible.</summary>
    public bool Save() => _save();

    /// <summary>Something was learned. Returns at once.</summary>
    public void SaveSoon()
    {
        lock (_gate)
            if (!_isDue) _isDue = _timer.Change(Delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Saves no more of itself; returns when nothing is being saved any more.</summary>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void OnTimer()
    {
        lock (_gate) _isDue = false;
        _save();
    }
}
