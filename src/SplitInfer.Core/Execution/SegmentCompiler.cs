using Google.Protobuf;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Execution.Weights;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Compiles the segments of one model with ONNX Runtime. Their weights are shared where they run on the CPU.</summary>
internal sealed class SegmentCompiler(PartitionedModel model, ExecutionOptions options) : ISegmentCompiler
{
    /// <summary>What a session takes for each byte of its graph without the weights, as seen on the models at hand.</summary>
    private const int SessionBytesPerGraphByte = 24;

    private readonly WeightStore _weights = new();
    private readonly OrtPrepackedWeights _prepacked = new(OrtEnvironment.For(options));

    public long SharedBytes => _weights.Bytes;

    public CompiledSegment Compile(SegmentKey key)
    {
        var segment = key.Side == SegmentSide.Head ? model.Head(key.Partition) : model.Tail(key.Partition);
        var compiled = options.Providers.Count == 0 ? Share(segment) : Load(segment);
        try
        {
            Warm(segment, (OrtSegmentRunner)compiled.Runner);
            return options.WrapRunner is { } wrap ? compiled with { Runner = wrap(compiled.Runner) } : compiled;
        }
        catch
        {
            compiled.Dispose();
            throw;
        }
    }

    public void Dispose() => _prepacked.Dispose();

    private CompiledSegment Share(SegmentModel segment)
    {
        try
        {
            var optimized = OptimizedSegment.Load(segment, options, _weights, _prepacked, out var session);
            return new(Runner(segment, session), optimized.GraphBytes * SessionBytesPerGraphByte, optimized);
        }
        catch (Exception error) when (error is OnnxRuntimeException or IOException or UnauthorizedAccessException or InvalidProtocolBufferException or InvalidTensorException)
        {
            // Some models cannot be written once they are optimised, and some machines have no room for temporary files.
            return Load(segment);
        }
    }

    private CompiledSegment Load(SegmentModel segment)
    {
        var bytes = segment.ToBytes();
        var session = OrtSession.Create(bytes, segment.ExternalDataFolder, options, new() { UseSharedArena = options.Providers.Count == 0 });
        return new(Runner(segment, session), bytes.Length, null);
    }

    /// <summary>Runs once, so that the first request does not pay for what kernels set up on first use.</summary>
    private void Warm(SegmentModel segment, OrtSegmentRunner runner)
    {
        var inputs = model.MakeInputs(segment, seed: 0);
        var outputs = new Tensor?[segment.Outputs.Length];
        try
        {
            if (inputs.Length == segment.Inputs.Length) runner.Run(inputs, outputs!, CancellationToken.None);
        }
        catch (OnnxRuntimeException)
        {
            // Made-up values are not ones that every model runs on; the request's own will tell.
        }
        finally
        {
            foreach (var tensor in inputs.Concat(outputs)) tensor?.Dispose();
        }
    }

    private static OrtSegmentRunner Runner(SegmentModel segment, OrtSession session) => new(session, segment.Inputs, segment.Outputs);
}
