using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>Requests that were refused since they were last told of.</summary>
/// <param name="Full">Because too many were waiting.</param>
/// <param name="Memory">Because too many bytes were held.</param>
/// <param name="Key">Because the clients of their key had too many.</param>
/// <param name="Late">Because their result would have come after their deadline, or did not come before it.</param>
internal readonly record struct RefusalCounts(long Full, long Memory, long Key, long Late);

/// <summary>
/// Counts requests that are refused for want of room or time, and tells of them once a minute as long as there are any: the first time after a
/// second, so that an operator sees an overload as it begins. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Told the counts, and the time in which they came together.</param>
internal sealed class RefusalTally(TimeProvider time, Action<RefusalCounts, TimeSpan> tell) : IDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1), Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private RefusalCounts _counts;
    private ITimer? _timer;
    private long _since;
    private long? _toldAt;
    private bool _isDue;
    private bool _isDisposed;

    /// <summary>Counts a refusal, unless it is of another kind.</summary>
    public void Add(Want want)
    {
        if (want == Want.None) return;
        lock (_gate)
        {
            _counts = want switch
            {
                Want.Room => _counts with { Full = _counts.Full + 1 },
                Want.Memory => _counts with { Memory = _counts.Memory + 1 },
                Want.KeyLimit => _counts with { Key = _counts.Key + 1 },
                _ => _counts with { Late = _counts.Late + 1 },
            };
            if (_isDue || _isDisposed) return;
            (_isDue, _since) = (true, time.GetTimestamp());
            var wait = _toldAt is { } told && Interval - time.GetElapsedTime(told, _since) is var left && left > First ? left : First;
            if (_timer is not null)
            {
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
                return;
            }

            // It outlives the request that was refused, and must not carry that call's context along.
            using (ExecutionContext.SuppressFlow()) _timer = time.CreateTimer(static self => ((RefusalTally)self!).Tell(), this, wait, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Tells of what is left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            _timer?.Dispose();
        }

        Tell();
    }

    private void Tell()
    {
        RefusalCounts counts;
        TimeSpan elapsed;
        lock (_gate)
        {
            if (!_isDue) return;
            _toldAt = time.GetTimestamp();
            (counts, elapsed) = (_counts, time.GetElapsedTime(_since, _toldAt.Value));
            (_counts, _isDue) = (default, false);
        }

        try
        {
            tell(counts, elapsed);
        }
#pragma warning disable CA1031 // On a timer, whatever a logger throws would end the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The next overload is told of anew.
        }
    }
}
