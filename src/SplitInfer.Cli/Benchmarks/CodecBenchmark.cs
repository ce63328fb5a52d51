using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Measures codecs, and the compression tools that this machine has, on the boundaries that an input makes.</summary>
/// <param name="model">The model.</param>
/// <param name="inputs">A tensor for each input of the plan; they stay the caller's.</param>
/// <param name="codecs">What to measure.</param>
/// <param name="execution">How heads are run.</param>
/// <param name="time">The clock.</param>
internal sealed class CodecBenchmark(PartitionedModel model, TensorValue[] inputs, IReadOnlyList<ITensorCodec> codecs, ExecutionOptions execution, TimeProvider time)
{
    private readonly IReadOnlyList<CompressionTool> _tools = CompressionTool.Installed();

    /// <summary>Measures one partition. One without a boundary has no rows.</summary>
    public IEnumerable<CodecRow> Run(Partition partition)
    {
        if (partition.Boundary.IsEmpty) yield break;
        using var cut = LoadedCut.Load(model, partition.Index, execution);
        var boundary = cut.MakeBoundary(inputs);
        foreach (var codec in codecs.Where(codec => partition.Boundary.Any(codec.Suits))) yield return CodecRow.Of(partition.Index, CodecMeasurement.Of(codec, boundary, MeasuringEffort.Thorough, time));
        foreach (var tool in _tools) yield return tool.Measure(partition.Index, boundary, time);
        foreach (var tensor in boundary) tensor.Dispose();
    }
}
