using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Calibration;

/// <summary>Head and tail of one partition, loaded. They run on the caller's thread; several may run them at once.</summary>
/// <param name="model">The model.</param>
/// <param name="partition">A partition that can be made.</param>
/// <param name="execution">How ONNX Runtime runs.</param>
internal sealed class LoadedCut(PartitionedModel model, int partition, ExecutionOptions execution) : IDisposable
{
    private readonly Routing _route = model.Route(partition);
    private readonly SegmentRunner? _head = Load(model.Head(partition), execution);
    private readonly SegmentRunner? _tail = Load(model.Tail(partition), execution);

    /// <summary>Place of the model's first output among those of the tail; null where it is finished before the cut.</summary>
    public int? FirstOutput => _route.Outputs[0] is { Origin: ValueOrigin.Tail } source ? source.Index : null;

    /// <summary>Runs the head.</summary>
    /// <param name="inputs">A tensor for each input of the plan; they stay the caller's.</param>
    /// <returns>The values that cross, which the caller owns.</returns>
    public Tensor[] MakeBoundary(Tensor[] inputs)
    {
        var made = Run(_head, [.. _route.HeadInputs.Select(place => inputs[place])]);
        Tensor[] boundary = [.. _route.Boundary.Select(source => (source.Origin == ValueOrigin.Input ? inputs : made)[source.Index].Share())];
        Release(made);
        return boundary;
    }

    /// <summary>Runs the tail.</summary>
    /// <param name="boundary">The values that cross; they stay the caller's.</param>
    /// <returns>The outputs of the tail, which the caller owns.</returns>
    public Tensor[] RunTail(Tensor[] boundary) => Run(_tail, boundary);

    /// <summary>Gives tensors back.</summary>
    public static void Release(Tensor[] tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }

    public void Dispose()
    {
        _head?.Dispose();
        _tail?.Dispose();
    }

    private static SegmentRunner? Load(SegmentModel segment, ExecutionOptions execution) => segment.IsEmpty
        ? null
        : new(segment.Load(execution), segment.Inputs, segment.Outputs);

    private static Tensor[] Run(SegmentRunner? segment, Tensor[] inputs)
    {
        if (segment is null) return [];
        var outputs = new Tensor[segment.Outputs.Count];
        segment.Run(inputs, outputs, CancellationToken.None);
        return outputs;
    }
}
