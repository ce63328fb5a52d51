using System.Runtime.CompilerServices;
using SplitInfer.Execution;

namespace SplitInfer.Segments;

/// <summary>
/// The loaded segments of one model. Each is loaded on first use, once however many ask for it, and stays until the bytes
/// that all of them hold are over the budget; then those that have not been used for longest make room. Thread-safe.
/// </summary>
/// <param name="compiler">Makes the segments. The cache owns it.</param>
/// <param name="budgetBytes">What loaded segments may hold. Segments in use are never dropped, so they may hold more for a while.</param>
internal sealed class SegmentCache(ISegmentCompiler compiler, long budgetBytes) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SegmentKey, Entry> _entries = [];
    private readonly SemaphoreSlim _loading = new(1);
    private long _uses;
    private long _exclusiveBytes;
    private bool _disposed;

    /// <summary>Segments that are loaded or being loaded.</summary>
    public int Count
    {
        get { lock (_lock) return _entries.Count; }
    }

    /// <summary>Whether a segment can be lent without loading it first.</summary>
    public bool IsLoaded(SegmentKey key)
    {
        lock (_lock) return _entries.TryGetValue(key, out var entry) && entry.Segment.IsCompletedSuccessfully;
    }

    /// <summary>Lends a segment, loading it first where it is not loaded. The lease must be disposed once.</summary>
    /// <param name="key">Which segment.</param>
    /// <param name="cancellationToken">Ends the wait, not the loading, which others may wait for.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SegmentLease> RentAsync(SegmentKey key, CancellationToken cancellationToken = default)
    {
        var entry = Take(key);
        try
        {
            var segment = entry.Segment.IsCompletedSuccessfully
                ? entry.Segment.Result
                : await entry.Segment.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new SegmentLease(this, entry, segment.Runner);
        }
        catch
        {
            // Whoever gives up waiting still holds the segment until it is loaded, so that someone is there to drop it.
            _ = entry.Segment.ContinueWith(_ => Return(entry), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Loads segments that are likely to be asked for.</summary>
    public async ValueTask PreloadAsync(IEnumerable<SegmentKey> keys, CancellationToken cancellationToken = default)
    {
        foreach (var key in keys)
            (await RentAsync(key, cancellationToken).ConfigureAwait(false)).Dispose();
    }

    /// <summary>Unloads every segment. Those still lent are unloaded when they come back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            foreach (var refused in _entries.Values.Where(static e => e.Leases == 0 && e.Segment.IsFaulted).ToArray()) Forget(refused);
        }

        Trim();
    }

    internal void Return(Entry entry)
    {
        bool over;
        lock (_lock)
        {
            entry.Leases--;
            // A segment that failed to load is forgotten, so that the next request tries again, unless the engine would refuse it again.
            if (entry.Segment.IsFaulted && entry.Leases == 0 && (_disposed || entry.Segment.Exception.InnerException is not SegmentLoadException)) Forget(entry);
            over = IsOverBudget();
        }

        if (over) Trim();
    }

    private Entry Take(SegmentKey key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_entries.TryGetValue(key, out var entry))
                _entries[key] = entry = new Entry(key, Task.Run(() => LoadAsync(key)));
            entry.Leases++;
            entry.LastUse = ++_uses;
            return entry;
        }
    }

    /// <summary>One segment at a time, since loading takes several times the memory of what is loaded.</summary>
    private async Task<CompiledSegment> LoadAsync(SegmentKey key)
    {
        await _loading.WaitAsync().ConfigureAwait(false);
        try
        {
            var segment = compiler.Compile(key);
            lock (_lock) _exclusiveBytes += segment.ExclusiveBytes;
            return segment;
        }
        finally
        {
            _loading.Release();
        }
    }

    private void Trim()
    {
        while (true)
        {
            Entry? oldest;
            lock (_lock)
            {
                oldest = IsOverBudget() ? _entries.Values.Where(static e => e.IsIdle).MinBy(static e => e.LastUse) : null;
                if (oldest is not null) Forget(oldest);
                if (_disposed && _entries.Count == 0) compiler.Dispose();
            }

            if (oldest is null) return;
            oldest.Segment.Result.Dispose();
        }
    }

    private bool IsOverBudget() => _disposed || compiler.SharedBytes + _exclusiveBytes > budgetBytes;

    private void Forget(Entry entry)
    {
        _entries.Remove(entry.Key);
        if (entry.Segment.IsCompletedSuccessfully) _exclusiveBytes -= entry.Segment.Result.ExclusiveBytes;
    }

    internal sealed class Entry(SegmentKey key, Task<CompiledSegment> segment)
    {
        public SegmentKey Key => key;

        public Task<CompiledSegment> Segment => segment;

        public int Leases { get; set; }

        public long LastUse { get; set; }

        public bool IsIdle => Leases == 0 && segment.IsCompletedSuccessfully;
    }
}

/// <summary>A segment that is in use. Dispose it once; the runner must not be used afterwards. The default value lends nothing.</summary>
internal readonly struct SegmentLease : IDisposable
{
    private readonly SegmentCache? _cache;
    private readonly SegmentCache.Entry _entry;

    internal SegmentLease(SegmentCache cache, SegmentCache.Entry entry, ISegmentRunner runner) =>
        (_cache, _entry, Runner) = (cache, entry, runner);

    /// <summary>Runs the segment.</summary>
    public ISegmentRunner Runner { get; }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Return(_entry);
}
