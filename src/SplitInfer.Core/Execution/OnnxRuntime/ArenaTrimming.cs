namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Decides when an arena is trimmed. A run that takes far more than others leaves its memory in the arena; trimming after every run would make each
/// one ask the system anew. So the process is looked at a while after runs: growth since the last trim is taken back, unless it came back
/// right after that trim, which shows that requests need it; and whatever is left when no run came for a longer while. Thread-safe.
/// </summary>
internal sealed class ArenaTrimming
{
    /// <summary>Less than this is left where it is.</summary>
    public const long LeastBytes = 256L << 20;

    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2), IdleDelay = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Action _trim;
    private Timer? _timer;
    private int _isScheduled;
    private long _runs;
    private long _runsSeen;
    private long _base;
    private long _needed = LeastBytes;
    private bool _hasJustTrimmed;

    /// <summary>Starts from what the process has in memory now.</summary>
    public ArenaTrimming(Action trim, long resident) => (_trim, _base) = (trim, resident);

    /// <summary>Has the process looked at, after a run has ended.</summary>
    public void OnRun()
    {
        Interlocked.Increment(ref _runs);
        if (Volatile.Read(ref _isScheduled) == 0 && Interlocked.Exchange(ref _isScheduled, 1) == 0) Schedule(Delay);
    }

    /// <summary>Looks at the process.</summary>
    /// <param name="resident">Bytes that it has in memory.</param>
    /// <returns>Whether the arena was trimmed, and whether to look again when runs have stopped.</returns>
    internal (bool Trimmed, bool LooksAgain) Look(long resident)
    {
        lock (_gate)
        {
            var grown = resident - _base;
            var isIdle = _runs == _runsSeen;
            _runsSeen = Volatile.Read(ref _runs);
            if (grown <= LeastBytes)
            {
                _hasJustTrimmed = false;
                return (false, false);
            }

            if (!isIdle && (grown <= _needed || _hasJustTrimmed))
            {
                if (_hasJustTrimmed) _needed = Math.Max(_needed, grown + (grown / 4));
                _hasJustTrimmed = false;
                return (false, true);
            }

            if (isIdle) _needed = LeastBytes;
            _hasJustTrimmed = !isIdle;
        }

        // It may take long, and runs that end meanwhile must not wait for it.
        _trim();
        return (true, false);
    }

    /// <summary>Says what the process has in memory after a trim.</summary>
    internal void Rebase(long resident)
    {
        lock (_gate) _base = resident;
    }

    private void Schedule(TimeSpan delay)
    {
        lock (_gate)
        {
            // The timer outlives the run that makes it, and must not carry that run's context along.
            using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
                _timer ??= new(static state => ((ArenaTrimming)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        // First, so that a run that ends from now on is not overlooked.
        Volatile.Write(ref _isScheduled, 0);
        var (trimmed, looksAgain) = Look(Environment.WorkingSet);
        if (trimmed) Rebase(Environment.WorkingSet);
        if (looksAgain && Interlocked.Exchange(ref _isScheduled, 1) == 0) Schedule(IdleDelay);
    }
}
