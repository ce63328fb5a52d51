using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Execution;

/// <summary>How segments are run.</summary>
public sealed class ExecutionOptions
{
    /// <summary>The most threads that can be asked for.</summary>
    public const int MaxThreads = 1024;

    private const string FoldingLimitKey = "optimization.constant_folding_max_output_size_in_bytes";

    // No shape follows from a larger constant, and a file of a few bytes may have any number of large ones.
    private const string MaxFoldedBytes = "16777216";

    /// <summary>Threads that one run spreads over; 0 (the default) leaves it to ONNX Runtime, which takes the physical cores.</summary>
    public int IntraOpThreads { get; set; }

    /// <summary>
    /// Whether segments share one pool of threads (the default) instead of having one each. The process has one such pool; it is made with
    /// the first segment that is loaded, with as many threads as that one's <see cref="IntraOpThreads"/> says. Options that ask for another
    /// number get threads of their own.
    /// </summary>
    public bool UseSharedThreadPool { get; set; } = true;

    /// <summary>What ONNX Runtime may do to a graph before it runs it.</summary>
    public GraphOptimization Optimization { get; set; } = GraphOptimization.All;

    /// <summary>Execution providers in order of preference; what none of them takes runs on the CPU. Empty (the default) is the CPU alone.</summary>
    public IReadOnlyList<ExecutionProvider> Providers { get; set; } = [];

    /// <summary>
    /// Files of libraries with custom operators, such as that of ONNX Runtime Extensions, in the order in which they are loaded. They are native
    /// code and run with the rights of the process. Both ends need those that the model uses, and where plans are made. None unless set.
    /// </summary>
    public IReadOnlyList<string> CustomOperatorLibraries { get; set; } = [];

    /// <summary>
    /// Sets whatever else the options of a session can say, after everything here: providers of any flavour, libraries of custom operators,
    /// entries of its configuration. Called for every session, also for those that only examine a model, and possibly by several threads at
    /// once. What the engine refuses becomes an <see cref="EngineException"/>; other exceptions come through as they are.
    /// </summary>
    public Action<SessionOptions>? Configure { get; set; }

    /// <summary>
    /// Whether segments hold the weights that they have in common once. Null (the default) shares where segments run on the CPU alone as far
    /// as is known, which is with neither <see cref="Providers"/> nor <see cref="Configure"/>. Set it to true where <see cref="Configure"/>
    /// adds no provider: what is shared is the model as it was optimised for the CPU.
    /// </summary>
    public bool? ShareWeights { get; set; }

    /// <summary>Receives the engine's log lines, at the levels that the logger has enabled. Null (the default): none; a server then uses its own logger.</summary>
    public ILogger? Logger { get; set; }

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

    /// <summary>Whether a segment is run once on made-up inputs when it has been compiled. False where it is run once anyway.</summary>
    internal bool WarmsSegments { get; private set; } = true;

    /// <summary>Whether weights are shared, as set or by default.</summary>
    internal bool SharesWeights => ShareWeights ?? (Providers.Count == 0 && Configure is null);

    /// <summary>The same options with a logger where they have none.</summary>
    internal ExecutionOptions LoggingTo(ILogger logger)
    {
        if (Logger is not null) return this;
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.Logger = logger;
        return copy;
    }

    /// <summary>The same options for examining a model: nothing but the CPU is needed, and runs that fail are a part of it.</summary>
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

    /// <summary>The same options for segments that are run once: they are not run on made-up inputs when they are loaded.</summary>
    public ExecutionOptions WithoutWarmUp()
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.WarmsSegments = false;
        return copy;
    }

    /// <summary>The same options with another optimisation.</summary>
    internal ExecutionOptions With(GraphOptimization optimization)
    {
        var copy = (ExecutionOptions)MemberwiseClone();
        copy.Optimization = optimization;
        return copy;
    }
}
