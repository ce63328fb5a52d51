namespace SplitInfer.Execution;

/// <summary>How segments are run.</summary>
public sealed class ExecutionOptions
{
    /// <summary>The most threads that can be asked for.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Threads that one run spreads over; 0 (the default) leaves it to ONNX Runtime, which takes the physical cores.</summary>
    public int IntraOpThreads { get; set; }

    /// <summary>
    /// Whether segments share one pool of threads instead of having one each. The process has one such pool; it is made with the
    /// first segment that is loaded, shared or not, with as many threads as that one's <see cref="IntraOpThreads"/> says.
    /// </summary>
    public bool UseSharedThreadPool { get; set; }

    /// <summary>What ONNX Runtime may do to a graph before it runs it.</summary>
    public GraphOptimization Optimization { get; set; } = GraphOptimization.All;

    /// <summary>Execution providers in order of preference; what none of them takes runs on the CPU. Empty (the default) is the CPU alone.</summary>
    public IReadOnlyList<ExecutionProvider> Providers { get; set; } = [];

    /// <summary>
    /// Path of the ONNX Runtime library; null (the default) looks at the environment variable <c>SPLITINFER_ONNXRUNTIME</c>, then
    /// for a library that the application carries, then for the one that comes with SplitInfer. A process loads one library.
    /// </summary>
    public string? LibraryPath { get; set; }

    /// <summary>
    /// Puts a runner of your own around that of every segment, to measure or to stand in for it; null (the default) leaves them as they are.
    /// What it returns owns what it is given.
    /// </summary>
    public Func<ISegmentRunner, ISegmentRunner>? WrapRunner { get; set; }

    /// <summary>Checks that the options make sense.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which and why.</exception>
    public void Validate()
    {
        if (IntraOpThreads is < 0 or > MaxThreads)
            throw new ArgumentException($"{nameof(IntraOpThreads)} is {IntraOpThreads}; it can be 0 (ONNX Runtime's choice) to {MaxThreads}.");
        if (!Enum.IsDefined(Optimization))
            throw new ArgumentException($"{nameof(Optimization)} is {(int)Optimization}, which is no {nameof(GraphOptimization)}.");
        if (Providers is null || Providers.Any(static p => p is null))
            throw new ArgumentException($"{nameof(Providers)} must be a list without nulls; leave it empty for the CPU.");
        if (Providers.GroupBy(static p => p.ShortName, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{nameof(Providers)} names {twice.Key} more than once; merge the options into one.");
        if (LibraryPath is { Length: 0 })
            throw new ArgumentException($"{nameof(LibraryPath)} is empty; give a path, or null to let SplitInfer look for the library.");
    }

    /// <summary>The same options with another optimisation.</summary>
    internal ExecutionOptions With(GraphOptimization optimization)
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.Optimization = optimization;
        return copy;
    }
}
