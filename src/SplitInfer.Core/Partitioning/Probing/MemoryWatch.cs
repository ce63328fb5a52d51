namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Cancels a run when the process has grown by more than a limit since it began. The engine stops at the next node, and memory that other
/// threads take counts as well: a bound against models that expand without end, not an exact one.
/// </summary>
internal sealed class MemoryWatch : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _run;
    private readonly long _most;
    private readonly Timer _timer;
    private volatile bool _isExceeded;

    /// <summary>Begins to watch.</summary>
    /// <param name="run">What is cancelled.</param>
    /// <param name="limit">The most bytes that the process may grow by.</param>
    public MemoryWatch(CancellationTokenSource run, long limit)
    {
        _run = run;
        var before = Environment.WorkingSet;
        _most = limit > long.MaxValue - before ? long.MaxValue : before + limit;
        _timer = new(static state => ((MemoryWatch)state!).Look(), this, Period, Period);
    }

    /// <summary>Whether the limit was passed.</summary>
    public bool IsExceeded => _isExceeded;

    /// <inheritdoc/>
    public void Dispose()
    {
        // A look that is under way must not cancel a source that the caller disposes next.
        using var ended = new ManualResetEvent(false);
        if (_timer.Dispose(ended)) ended.WaitOne();
    }

    private void Look()
    {
        if (_isExceeded || Environment.WorkingSet <= _most) return;
        _isExceeded = true;
        _run.Cancel();
    }
}
