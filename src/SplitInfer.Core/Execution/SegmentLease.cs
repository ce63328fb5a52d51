namespace SplitInfer.Execution;

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
