using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Execution;

/// <summary>How ONNX Runtime runs segments.</summary>
public sealed class ExecutionOptions
{
    /// <summary>The largest number of threads that can be set.</summary>
    public const int MaxThreads = 1024;

    private const string FoldingLimitKey = "optimization.constant_folding_max_output_size_in_bytes";

    // No shape follows from a larger constant, and a file of a few bytes may have any number of large ones.
    private const string MaxFoldedBytes = "16777216";

    /// <summary>Number of threads of one run; 0 (the default) lets ONNX Runtime decide, which uses the number of physical cores.</summary>
    public int IntraOpThreads { get; set; }

    /// <summary>
    /// Whether segments share one pool of threads (the default) instead of having one each. The process has one such pool; it is created with
    /// the first segment that is loaded, with the number of threads of its <see cref="IntraOpThreads"/>. Segments whose options set another
    /// number have their own threads.
    /// </summary>
    public bool UseSharedThreadPool { get; set; } = true;

    /// <summary>What ONNX Runtime may do to a graph before it runs it.</summary>
    public GraphOptimization Optimization { get; set; } = GraphOptimization.All;

    /// <summary>Execution providers in order of preference; nodes that none of them supports run on the CPU. Empty (the default): only the CPU.</summary>
    public IReadOnlyList<ExecutionProvider> Providers { get; set; } = [];

    /// <summary>
    /// Files of libraries with custom operators, such as that of ONNX Runtime Extensions, in the order in which they are loaded. They are native
    /// code and run with the rights of the process. Every process that plans or runs the model needs those that it uses. None unless set.
    /// </summary>
    public IReadOnlyList<string> CustomOperatorLibraries { get; set; } = [];

    /// <summary>
    /// Sets further options of a session, after all options of this class: providers of any flavour, libraries of custom operators,
    /// configuration entries. Called for every session, also for those that only examine a model, and possibly by several threads at
    /// once. If the engine refuses them, <see cref="EngineException"/> is thrown; other exceptions are not changed.
    /// </summary>
    public Action<SessionOptions>? Configure { get; set; }

    /// <summary>
    /// Whether segments keep weights that they have in common in memory only once. Null (the default): they do if neither
    /// <see cref="Providers"/> nor <see cref="Configure"/> is set. Set it to true only if <see cref="Configure"/> adds no provider, because the
    /// shared weights are in the format of the CPU.
    /// </summary>
    public bool? ShareWeights { get; set; }

    /// <summary>Receives the engine's log lines, at the levels that the logger has enabled. Null (the default): none; a server then uses its own logger.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>
    /// Wraps the runner of every segment in your own one, to measure or to replace it. Null (the default): none. The returned runner owns the
    /// given one.
    /// </summary>
    public Func<ISegmentRunner, ISegmentRunner>? WrapRunner { get; set; }

    /// <summary>Checks that the options are valid.</summary>
    /// <exception cref="ArgumentException">They are not; the message names the option and the reason.</exception>
    public void Validate()
    {
        if (IntraOpThreads is < 0 or > MaxThreads)
            throw new ArgumentException($"{nameof(IntraOpThreads)} is {IntraOpThreads}; it can be 0 (ONNX Runtime's choice) to {MaxThreads}.");
        if (!Enum.IsDefined(Optimization))
            throw new ArgumentException($"{nameof(Optimization)} is {(int)Optimization}, which is no {nameof(GraphOptimization)}.");
        if (CustomOperatorLibraries is null || CustomOperatorLibraries.Any(string.IsNullOrWhiteSpace))
            throw new ArgumentException($"{nameof(CustomOperatorLibraries)} must be a list of files without empty names; leave it empty for none.");
        if (Providers is null || Providers.Any(static p => p is null))
            throw new ArgumentException($"{nameof(Providers)} must be a list without nulls; leave it empty for the CPU.");
        if (Providers.GroupBy(static p => p.ShortName, StringComparer.OrdinalIgnoreCase).FirstOrDefault(static g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{nameof(Providers)} names {twice.Key} more than once; merge the options into one.");
        if (ShareWeights == true && Providers.Count > 0)
            throw new ArgumentException($"{nameof(ShareWeights)} is set together with {nameof(Providers)}; what is shared is optimised for the CPU. Leave one of them out.");
    }

    /// <summary>The engine that runs the models.</summary>
    public IInferenceEngine Engine { get; set; } = OnnxRuntimeEngine.Instance;

    /// <summary>Whether a segment runs once on synthetic inputs after it has been compiled. False if the segment is used only once.</summary>
    internal bool WarmsSegments { get; private set; } = true;

    /// <summary>Whether weights are shared, as set or by default.</summary>
    internal bool SharesWeights => ShareWeights ?? (Providers.Count == 0 && Configure is null);

    /// <summary>The most bytes that the outputs of one run may take together.</summary>
    internal long MaxOutputBytes { get; private set; } = long.MaxValue;

    /// <summary>The most bytes of the arena that sessions share; null sets no bound. The process has one such arena, for which the first session that uses it decides.</summary>
    internal long? MaxArenaBytes { get; private set; }

    /// <summary>The same options with bounds for what runs take.</summary>
    internal ExecutionOptions Within(long? maxArenaBytes, long maxOutputBytes)
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        (copy.MaxArenaBytes, copy.MaxOutputBytes) = (maxArenaBytes, maxOutputBytes);
        return copy;
    }

    /// <summary>The same options, with a logger if they have none.</summary>
    internal ExecutionOptions LoggingTo(ILogger logger)
    {
        if (Logger is not null) return this;
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.Logger = logger;
        return copy;
    }

    /// <summary>The same options for examining a model: only the CPU is used, and runs that fail are expected.</summary>
    internal ExecutionOptions ForProbing(GraphOptimization optimization)
    {
        var copy = With(optimization);
        copy.Providers = [];
        copy.Logger = null;
        copy.Configure = session =>
        {
            session.AddSessionConfigEntry(FoldingLimitKey, MaxFoldedBytes);
            Configure?.Invoke(session);
        };
        return copy;
    }

    /// <summary>The same options for segments that are used only once: they are not run on synthetic inputs when they are loaded.</summary>
    public ExecutionOptions WithoutWarmUp()
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.WarmsSegments = false;
        return copy;
    }

    /// <summary>The same options with threads of the session's own.</summary>
    internal ExecutionOptions WithThreads(int threads)
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        (copy.IntraOpThreads, copy.UseSharedThreadPool) = (threads, false);
        return copy;
    }

    /// <summary>The same options with another level of optimisation.</summary>
    internal ExecutionOptions With(GraphOptimization optimization)
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.Optimization = optimization;
        return copy;
    }
}
