using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Batching;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments.Weights;
using SplitInfer.Tensors;

namespace SplitInfer.Segments;

/// <summary>Compiles the segments of one model. Segments that run on the CPU share weights.</summary>
internal sealed partial class SegmentCompiler(PartitionedModel model, ExecutionOptions options) : ISegmentCompiler
{
    /// <summary>Memory of a session for each byte of its graph without the weights, as measured on sample models.</summary>
    private const int SessionBytesPerGraphByte = 24;

    private readonly WeightStore _weights = new();
    private readonly ISessionGroup _group = options.Engine.CreateGroup();

    private bool _runsTooLong;

    /// <summary>Time limit for the run that warms up a segment. A model may run for ever; after one run that takes longer, no segment is warmed up.</summary>
    public TimeSpan MaxWarmTime { get; init; } = TimeSpan.FromSeconds(5);

    private ILogger Logger => options.Logger ?? NullLogger.Instance;

    public long SharedBytes => _weights.Bytes;

    public CompiledSegment Compile(SegmentKey key)
    {
        var segment = key.Side switch
        {
            SegmentSide.Head => model.Head(key.Partition),
            SegmentSide.Middle => model.Between(key.From, key.Partition),
            SegmentSide.BatchTail => BatchSegment.Of(model.Tail(key.Partition), options),
            _ => model.Tail(key.Partition),
        };
        var compiled = Compile(key, segment);
        try
        {
            ((SegmentRunner)compiled.Runner).Model = model.Plan.Model;
            if (options.WarmsSegments) Warm(segment, (SegmentRunner)compiled.Runner);
            return options.WrapRunner is { } wrap ? compiled with { Runner = wrap(compiled.Runner) } : compiled;
        }
        catch
        {
            compiled.Dispose();
            throw;
        }
    }

    public void Dispose() => _group.Dispose();

    private CompiledSegment Compile(SegmentKey key, SegmentModel segment)
    {
        // Optimising a segment apart from loading it takes twice as long, which is for nothing where it holds nothing to share.
        var shares = options.SharesWeights && segment.HasWeights(OptimizedSegment.MinSharedBytes);
        try
        {
            var compiled = options.WithFewerOptimizations(less => shares ? Share(segment, less) : Load(segment, less), out var used, out var reason);
            if (reason is not null) LogLessOptimized(Logger, reason, key.Side, key.Partition, used);
            return compiled;
        }
        catch (EngineException error) when (!error.IsOfMemory)
        {
            throw new SegmentLoadException(model.Model.Source, key, error);
        }
    }

    private CompiledSegment Share(SegmentModel segment, ExecutionOptions options)
    {
        try
        {
            var optimized = OptimizedSegment.Load(segment, options, _weights, _group, out var session);
            return new(Runner(segment, session), optimized.GraphBytes * SessionBytesPerGraphByte, optimized);
        }
        catch (Exception error) when (error is EngineException or IOException or UnauthorizedAccessException or InvalidProtocolBufferException or InvalidTensorException)
        {
            // Some models cannot be written once they are optimised, and some machines have no room for temporary files.
            LogNotShared(Logger, error);
            return Load(segment, options);
        }
    }

    private static CompiledSegment Load(SegmentModel segment, ExecutionOptions options)
    {
        var bytes = segment.ToBytes();
        var session = options.Engine.Load(bytes, options, new() { ExternalDataFolder = segment.ExternalDataFolder, UseSharedArena = options.SharesWeights });
        return new(Runner(segment, session), bytes.Length, null);
    }

    /// <summary>Runs once, so that the first request does not include the work that kernels do on first use.</summary>
    private void Warm(SegmentModel segment, SegmentRunner runner)
    {
        if (_runsTooLong || model.NoSyntheticRunReason is not null) return;
        var inputs = model.MakeInputs(segment, seed: 0);
        var outputs = new TensorValue?[segment.Outputs.Length];
        using var timeout = new CancellationTokenSource(MaxWarmTime, TimeProvider.System);
        try
        {
            if (inputs.Length == segment.Inputs.Length) runner.Run(inputs, outputs!, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _runsTooLong = true;
        }
        catch (EngineException)
        {
            // Made-up values are not ones that every model runs on; the request's own will tell.
        }
        finally
        {
            foreach (var tensor in inputs.Concat(outputs)) tensor?.Dispose();
        }
    }

    [LoggerMessage(EventId = 51, EventName = "WeightsNotShared", Level = LogLevel.Warning, Message = "A segment is loaded with weights of its own, which takes more memory: it could not be loaded with shared ones")]
    private static partial void LogNotShared(ILogger logger, Exception error);

    [LoggerMessage(EventId = 52, EventName = "LessOptimized", Level = LogLevel.Warning, Message = "The {Side} of partition {Partition} is loaded with optimisation {Level} only: with more the engine does not load it")]
    private static partial void LogLessOptimized(ILogger logger, Exception error, SegmentSide side, int partition, GraphOptimization level);

    private static SegmentRunner Runner(SegmentModel segment, IEngineSession session) => new(session, segment.Inputs, segment.Outputs);
}
