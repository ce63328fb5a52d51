using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Runs the tail of one partition on boundaries that went through codecs, and on the same ones untouched.</summary>
internal sealed class CodecAgreement : IDisposable
{
    private readonly Partition _partition;
    private readonly Routing _route;
    private readonly OrtSegmentRunner? _head;
    private readonly OrtSegmentRunner _tail;
    private readonly CodecTally[] _tallies;

    /// <summary>Loads head and tail.</summary>
    /// <param name="model">The model.</param>
    /// <param name="partition">An admissible partition with a boundary.</param>
    /// <param name="codecs">What to try.</param>
    /// <param name="execution">How the segments are run.</param>
    /// <param name="time">The clock.</param>
    public CodecAgreement(PartitionedModel model, Partition partition, IEnumerable<ITensorCodec> codecs, ExecutionOptions execution, TimeProvider time)
    {
        (_partition, _route) = (partition, model.Route(partition.Index));
        _head = _route.HasHead ? Load(model.Head(partition.Index)) : null;
        _tail = Load(model.Tail(partition.Index));
        _tallies = [.. codecs.Select(codec => new CodecTally(codec, time))];

        OrtSegmentRunner Load(SegmentModel segment) =>
            new(OrtSession.Create(segment.ToBytes(), segment.ExternalDataFolder, execution), segment.Inputs, segment.Outputs);
    }

    /// <summary>Puts one sample through every codec. The inputs stay the caller's.</summary>
    /// <param name="inputs">A tensor for each input of the plan.</param>
    public void Add(Tensor[] inputs)
    {
        var made = _head is null ? [] : Run(_head, [.. _route.HeadInputs.Select(place => inputs[place])]);
        Tensor[] boundary = [.. _route.Boundary.Select(source => source.Origin == ValueOrigin.Input ? inputs[source.Index] : made[source.Index])];
        var expected = Run(_tail, boundary);
        foreach (var tally in _tallies)
        {
            var decoded = tally.Transcode(boundary);
            var outputs = Run(_tail, decoded);
            tally.Compare(expected, outputs);
            Release(decoded);
            Release(outputs);
        }

        Release(expected);
        Release(made);
    }

    /// <summary>A line for each codec.</summary>
    public IEnumerable<CodecAgreementRow> Rows() => _tallies.Select(tally => tally.Row(_partition));

    public void Dispose()
    {
        _head?.Dispose();
        _tail.Dispose();
    }

    private static Tensor[] Run(OrtSegmentRunner segment, Tensor[] inputs)
    {
        var outputs = new Tensor[segment.Outputs.Count];
        segment.Run(inputs, outputs, CancellationToken.None);
        return outputs;
    }

    private static void Release(Tensor[] tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
