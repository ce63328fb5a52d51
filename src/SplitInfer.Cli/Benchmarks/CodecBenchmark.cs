using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Measures every codec, and the compression tools that this machine has, on the boundaries that an input makes.</summary>
/// <param name="model">The model.</param>
/// <param name="inputs">A tensor for each input of the plan; they stay the caller's.</param>
/// <param name="codecs">What to measure.</param>
/// <param name="execution">How heads are run.</param>
/// <param name="time">The clock.</param>
internal sealed class CodecBenchmark(PartitionedModel model, Tensor[] inputs, IReadOnlyList<ITensorCodec> codecs, ExecutionOptions execution, TimeProvider time)
{
    /// <summary>Measures one partition after the other. One without a boundary has no rows.</summary>
    public IEnumerable<CodecRow> Run(IEnumerable<Partition> partitions)
    {
        var tools = CompressionTool.Installed();
        foreach (var partition in partitions)
        {
            if (partition.Boundary.IsEmpty) continue;
            var route = model.Route(partition.Index);
            var made = route.HasHead ? RunHead(partition.Index, route) : [];
            Tensor[] boundary = [.. route.Boundary.Select(source => source.Origin == ValueOrigin.Input ? inputs[source.Index] : made[source.Index])];
            foreach (var codec in codecs) yield return CodecMeasurement.Of(codec, boundary, time).Row(partition.Index);
            foreach (var tool in tools) yield return tool.Measure(partition.Index, boundary, time);
            foreach (var tensor in made) tensor.Dispose();
        }
    }

    private Tensor[] RunHead(int partition, Routing route)
    {
        var head = model.Head(partition);
        using var session = OrtSession.Create(head.ToBytes(), head.ExternalDataFolder, execution);
        using var runner = new OrtSegmentRunner(session, head.Inputs, head.Outputs);
        var outputs = new Tensor[head.Outputs.Length];
        runner.Run(route.HeadInputs.Select(place => inputs[place]).ToArray(), outputs, CancellationToken.None);
        return outputs;
    }
}
