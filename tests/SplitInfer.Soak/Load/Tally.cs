namespace SplitInfer.Soak.Load;

/// <summary>Counts what came of requests. Thread-safe.</summary>
internal sealed class Tally
{
    /// <summary>What every wrong answer and unexpected error counts as.</summary>
    public const string Wrong = "wrong";

    // The first few tell what is wrong.
    private const int MostTold = 5;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal) { [Wrong] = 0 };
    private long _requests;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>A copy of the counts.</summary>
    public IReadOnlyDictionary<string, long> Counts
    {
        get { lock (_gate) return new Dictionary<string, long>(_counts); }
    }

    public void CountRequest() => Interlocked.Increment(ref _requests);

    public void Count(string what)
    {
        lock (_gate) _counts[what] = _counts.GetValueOrDefault(what) + 1;
    }

    /// <summary>Something came that must not.</summary>
    public void Fail(string what)
    {
        lock (_gate)
            if (++_counts[Wrong] <= MostTold) Console.Error.WriteLine(what);
    }
}
