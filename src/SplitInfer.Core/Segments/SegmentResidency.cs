using System.Diagnostics.CodeAnalysis;

namespace SplitInfer.Segments;

/// <summary>
/// Keeps the loaded segments of any number of models within one budget. When they hold more, those that have not been used for longest are
/// unloaded, whichever model they belong to. Thread-safe.
/// </summary>
/// <param name="budgetBytes">What loaded segments may hold. Segments in use are never unloaded, so they may hold more for a while.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore holds no handle; the sets own everything else.")]
internal sealed class SegmentResidency(long budgetBytes)
{
    private readonly List<SegmentSet> _sets = [];
    private readonly SemaphoreSlim _loading = new(1);
    private long _uses;
    private long _exclusiveBytes;

    /// <summary>Guards the entries of all sets.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Adds the segments of a model, none of which is loaded yet.</summary>
    /// <param name="compiler">Makes the segments. The set owns it.</param>
    public SegmentSet Open(ISegmentCompiler compiler)
    {
        var set = new SegmentSet(this, compiler);
        lock (Gate) _sets.Add(set);
        return set;
    }

    /// <summary>How many segments are loaded or being loaded, and what those that are loaded hold, in bytes.</summary>
    public (int Count, long Bytes) Loaded
    {
        get
        {
            lock (Gate) return (_sets.Sum(static set => set.Entries.Count), Bytes);
        }
    }

    private long Bytes
    {
        get
        {
            var bytes = _exclusiveBytes;
            foreach (var set in _sets) bytes += set.Compiler.SharedBytes;
            return bytes;
        }
    }

    /// <summary>Counts one more use of an entry. The caller holds the gate.</summary>
    internal void Use(Entry entry)
    {
        entry.Leases++;
        entry.LastUse = ++_uses;
    }

    /// <summary>Ends a use.</summary>
    internal void Return(Entry entry)
    {
        bool trims;
        lock (Gate)
        {
            entry.Leases--;
            // A segment that failed to load is forgotten, so that the next request tries again, unless the engine would refuse it again.
            if (entry.Segment.IsFaulted && entry.Leases == 0 && (entry.Set.IsClosed || entry.Segment.Exception.InnerException is not SegmentLoadException)) Forget(entry);
            trims = entry.Set.IsClosed || IsOverBudget();
        }

        if (trims) Trim();
    }

    /// <summary>Loads a segment. Only one segment of all models is loaded at a time, because loading needs several times the memory of the loaded segment.</summary>
    internal async Task<CompiledSegment> LoadAsync(ISegmentCompiler compiler, SegmentKey key)
    {
        await _loading.WaitAsync().ConfigureAwait(false);
        try
        {
            var segment = compiler.Compile(key);
            lock (Gate) _exclusiveBytes += segment.ExclusiveBytes;
            return segment;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Unloads the idle segments of closed sets, and others until the budget is kept. With the last segment of a closed set, disposes its compiler.</summary>
    internal void Trim()
    {
        while (true)
        {
            Entry? oldest;
            SegmentSet[] emptied;
            lock (Gate)
            {
                oldest = Idle(static set => set.IsClosed) ?? (IsOverBudget() ? Idle(static _ => true) : null);
                if (oldest is not null)
                {
                    Forget(oldest);
                    oldest.Set.Unattended++;
                }

                emptied = [.. _sets.Where(static set => set.IsClosed && set.Entries.Count == 0)];
                foreach (var set in emptied) _sets.Remove(set);
            }

            if (oldest is not null)
            {
                try
                {
                    oldest.Segment.Result.Dispose();
                }
                finally
                {
                    lock (Gate) oldest.Set.Unattended--;
                }
            }

            foreach (var set in emptied) set.Compiler.Dispose();
            if (oldest is null) return;
        }
    }

    /// <summary>Takes an entry out of its set. The caller holds the gate.</summary>
    internal void Forget(Entry entry)
    {
        entry.Set.Entries.Remove(entry.Key);
        if (entry.Segment.IsCompletedSuccessfully) _exclusiveBytes -= entry.Segment.Result.ExclusiveBytes;
    }

    private Entry? Idle(Func<SegmentSet, bool> isMeant) =>
        _sets.Where(isMeant).SelectMany(static set => set.Entries.Values).Where(static e => e.Leases == 0 && e.Segment.IsCompletedSuccessfully).MinBy(static e => e.LastUse);

    private bool IsOverBudget() => Bytes > budgetBytes;

    /// <summary>A segment that is loaded or being loaded.</summary>
    internal sealed class Entry(SegmentSet set, SegmentKey key, Task<CompiledSegment> segment)
    {
        public SegmentSet Set => set;

        public SegmentKey Key => key;

        public Task<CompiledSegment> Segment => segment;

        public int Leases { get; set; }

        public long LastUse { get; set; }
    }
}
