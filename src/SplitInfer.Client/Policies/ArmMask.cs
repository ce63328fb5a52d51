using System.Collections.Immutable;

namespace SplitInfer.Client.Policies;

/// <summary>
/// The partitions that have turned out to be of no use, such as those that an end cannot load. They are no longer chosen, and never come back.
/// Thread-safe.
/// </summary>
public sealed class ArmMask
{
    private ImmutableDictionary<int, string> _reasons = ImmutableDictionary<int, string>.Empty;

    /// <summary>Why each masked partition is of no use, by its index. Grows only.</summary>
    public IReadOnlyDictionary<int, string> Reasons => Volatile.Read(ref _reasons);

    /// <summary>How many partitions are masked.</summary>
    public int Count => Volatile.Read(ref _reasons).Count;

    /// <summary>Whether a partition is masked.</summary>
    public bool Contains(int partition) => Volatile.Read(ref _reasons).ContainsKey(partition);

    /// <summary>Masks a partition.</summary>
    /// <param name="partition">Its index.</param>
    /// <param name="reason">Why; for people.</param>
    /// <returns>Whether it was not masked before.</returns>
    internal bool Add(int partition, string reason) => ImmutableInterlocked.TryAdd(ref _reasons, partition, reason);
}
