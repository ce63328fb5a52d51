using System.Runtime.CompilerServices;
using SplitInfer.Execution;

namespace SplitInfer.Segments;

/// <summary>
/// The segments of one model. Each is loaded on first use, once however many ask for it, and stays as long as the
/// <see cref="SegmentResidency"/> has room for it. Thread-safe.
/// </summary>
internal sealed class SegmentSet : IDisposable
{
    private readonly SegmentResidency _residency;

    internal SegmentSet(SegmentResidency residency, ISegmentCompiler compiler) => (_residency, Compiler) = (residency, compiler);

    /// <summary>Makes the segments.</summary>
    internal ISegmentCompiler Compiler { get; }

    /// <summary>Guarded by the residency's gate.</summary>
    internal Dictionary<SegmentKey, SegmentResidency.Entry> Entries { get; } = [];

    /// <summary>Whether no segment is leased any more. Guarded by the residency's gate.</summary>
    internal bool IsClosed { get; private set; }

    /// <summary>Segments that are being unloaded, or loaded though nobody waits for them any more. Guarded by the residency's gate.</summary>
    internal int Unattended { get; set; }

    /// <summary>Segments that are loaded or being loaded.</summary>
    public int Count
    {
        get { lock (_residency.Gate) return Entries.Count; }
    }

    /// <summary>The segments that can be leased without loading them first; none once the set was disposed.</summary>
    public IReadOnlyList<SegmentKey> Loaded
    {
        get { lock (_residency.Gate) return IsClosed ? [] : [.. Entries.Where(static one => one.Value.Segment.IsCompletedSuccessfully).Select(static one => one.Key)]; }
    }

    /// <summary>Whether a segment can be leased without loading it first.</summary>
    public bool IsLoaded(SegmentKey key)
    {
        lock (_residency.Gate) return Entries.TryGetValue(key, out var entry) && entry.Segment.IsCompletedSuccessfully;
    }

    /// <summary>Leases a segment, and loads it first if necessary. The lease must be disposed once.</summary>
    /// <param name="key">Which segment.</param>
    /// <param name="cancellationToken">Ends the wait, not the loading, which others may wait for.</param>
    /// <exception cref="ObjectDisposedException">The set was disposed.</exception>
    /// <exception cref="SegmentLoadException">The engine refuses the segment.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SegmentLease> RentAsync(SegmentKey key, CancellationToken cancellationToken = default)
    {
        var entry = Take(key);
        try
        {
            var segment = entry.Segment.IsCompletedSuccessfully
                ? entry.Segment.Result
                : await entry.Segment.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new SegmentLease(_residency, entry, segment.Runner);
        }
        catch
        {
            // Whoever gives up waiting still holds the segment until it is loaded, so that someone is there to unload it.
            lock (_residency.Gate) Unattended++;
            _ = entry.Segment.ContinueWith(_ => ReturnUnattended(entry), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Loads segments that are likely to be asked for.</summary>
    public async ValueTask PreloadAsync(IEnumerable<SegmentKey> keys, CancellationToken cancellationToken = default)
    {
        foreach (var key in keys)
            (await RentAsync(key, cancellationToken).ConfigureAwait(false)).Dispose();
    }

    /// <summary>
    /// Unloads every segment. Those still leased are unloaded when their leases are disposed. Waits for a segment that is being loaded though nobody waits for it any more, and for
    /// those that others are unloading: an engine that works while the process ends brings it down.
    /// </summary>
    public void Dispose()
    {
        lock (_residency.Gate)
        {
            IsClosed = true;
            foreach (var refused in Entries.Values.Where(static e => e.Leases == 0 && e.Segment.IsFaulted).ToArray()) _residency.Forget(refused);
        }

        _residency.Trim();
        SpinWait.SpinUntil(() =>
        {
            lock (_residency.Gate) return Unattended == 0;
        });
    }

    private void ReturnUnattended(SegmentResidency.Entry entry)
    {
        try
        {
            _residency.Return(entry);
        }
        finally
        {
            lock (_residency.Gate) Unattended--;
        }
    }

    private SegmentResidency.Entry Take(SegmentKey key)
    {
        lock (_residency.Gate)
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            if (!Entries.TryGetValue(key, out var entry))
                Entries[key] = entry = new(this, key, Task.Run(() => _residency.LoadAsync(Compiler, key)));
            _residency.Use(entry);
            return entry;
        }
    }
}

/// <summary>A segment that is in use. Dispose it once; the runner must not be used afterwards. The default value leases nothing.</summary>
internal readonly struct SegmentLease : IDisposable
{
    private readonly SegmentResidency? _residency;
    private readonly SegmentResidency.Entry _entry;

    internal SegmentLease(SegmentResidency residency, SegmentResidency.Entry entry, ISegmentRunner runner) =>
        (_residency, _entry, Runner) = (residency, entry, runner);

    /// <summary>A lease of a runner that outlives it, which is not counted.</summary>
    internal SegmentLease(ISegmentRunner runner) => (_residency, _entry, Runner) = (null, null!, runner);

    /// <summary>Runs the segment.</summary>
    public ISegmentRunner Runner { get; }

    /// <inheritdoc/>
    public void Dispose() => _residency?.Return(_entry);
}
