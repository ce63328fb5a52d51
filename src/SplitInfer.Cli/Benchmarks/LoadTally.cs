using System.Collections.Concurrent;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What became of the requests of one phase. Thread-safe.</summary>
internal sealed class LoadTally
{
    private readonly ConcurrentQueue<(double At, double Ms)> _completed = [];
    private readonly ConcurrentQueue<double> _refused = [];
    private readonly ConcurrentQueue<double> _late = [];
    private int _failed;

    /// <summary>Requests that had a result.</summary>
    public int Completed => _completed.Count;

    /// <summary>A request was made, so many ms later than it was to be.</summary>
    public void AddSent(double lateMs) => _late.Enqueue(lateMs);

    /// <summary>A request had a result.</summary>
    /// <param name="at">When it was to be made, seconds from the start of the phase.</param>
    /// <param name="ms">How long it took from then.</param>
    public void AddCompleted(double at, double ms) => _completed.Enqueue((at, ms));

    /// <summary>A request was refused so many ms after it was sent.</summary>
    public void AddRefused(double ms) => _refused.Enqueue(ms);

    /// <summary>A request ended otherwise.</summary>
    public void AddFailed() => Interlocked.Increment(ref _failed);

    /// <summary>The share of the results that came within, ms; null where there were none.</summary>
    public double? DelayMs(double share) => Percentile.Of(_completed.Select(static one => one.Ms), share);

    /// <summary>When the delays of half a second are within a limit for the first time, seconds from the start of the phase; null where they never are.</summary>
    public double? CalmAt(double limitMs)
    {
        foreach (var half in _completed.GroupBy(static one => (int)(one.At * 2)).OrderBy(static half => half.Key))
            if (Percentile.Of(half.Select(static one => one.Ms), 0.95) <= limitMs) return half.Key / 2.0;
        return null;
    }

    /// <summary>The phase in a line.</summary>
    public LoadRow Row(string phase, double? offered, double seconds) => new(
        phase, offered, _completed.Count / seconds, _refused.Count / seconds, _failed / seconds, DelayMs(0.5), DelayMs(0.99), Percentile.Of(_refused, 0.5), Percentile.Of(_refused, 0.99), Percentile.Of(_late, 0.99));
}
