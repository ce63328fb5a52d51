namespace SplitInfer.Fuzzing.Runs;

/// <summary>Something that an input must not come to.</summary>
/// <param name="Index">Which input.</param>
/// <param name="File">Where it was written.</param>
/// <param name="What">What came of it.</param>
internal sealed record FuzzFind(long Index, string File, string What);

/// <summary>What came of many inputs.</summary>
internal sealed class FuzzReport(string target)
{
    /// <summary>The target.</summary>
    public string Target => target;

    /// <summary>Inputs.</summary>
    public long Inputs { get; set; }

    /// <summary>Those that were taken.</summary>
    public long Accepted { get; set; }

    /// <summary>Those that were refused, by the type of error.</summary>
    public SortedDictionary<string, long> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>The different things that inputs came to: errors by their words, without numbers and names.</summary>
    public HashSet<string> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>How long they took together.</summary>
    public TimeSpan Duration { get; set; }

    /// <summary>How long the slowest took.</summary>
    public TimeSpan Slowest { get; set; }

    /// <summary>The most bytes that the managed heap gave for one, pools that fill included.</summary>
    public long MostAllocated { get; set; }

    /// <summary>The most bytes of resident memory that the process has had.</summary>
    public long PeakResident { get; set; }

    /// <summary>What must not be, each kind once.</summary>
    public List<FuzzFind> Finds { get; } = [];
}
