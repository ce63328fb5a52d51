using SplitInfer.Client;

namespace SplitInfer.Emulation;

/// <summary>
/// Tells when a policy that learns has settled, so that what it costs can be measured: when its last 10 choices brought no partition that the 10 before
/// them had not. Requests by which the policy explores, alone or in a race, are no choices. Not thread-safe.
/// </summary>
public sealed class Settling
{
    /// <summary>Choices that are compared with as many before them.</summary>
    private const int Window = 10;

    private readonly int _maxRequests;
    private readonly List<int> _choices = [];

    /// <summary>Nothing is known of the policy yet.</summary>
    /// <param name="maxRequests">Requests after which a policy counts as settled that has not, such as one to which two partitions look the same; at least 1. 150 unless given.</param>
    public Settling(int maxRequests = 150)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRequests, 1);
        _maxRequests = maxRequests;
    }

    /// <summary>Requests so far.</summary>
    public int Requests { get; private set; }

    /// <summary>Whether the policy has settled, or had the most requests that it may have for that.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Looks at the next request.</summary>
    /// <param name="result">Its result.</param>
    /// <returns><see cref="IsOver"/>.</returns>
    public bool Add(InferenceResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Add(result.Partition.Index, result.Decision.IsForced || result.IsRaced);
    }

    /// <summary>Looks at the next request, of which only the partition counts and whether it was taken to explore.</summary>
    internal bool Add(int partition, bool explores)
    {
        Requests++;
        if (!explores) _choices.Add(partition);
        return IsOver = IsOver || Requests >= _maxRequests || (_choices.Count >= 2 * Window && !_choices[^Window..].Except(_choices[^(2 * Window)..^Window]).Any());
    }
}
