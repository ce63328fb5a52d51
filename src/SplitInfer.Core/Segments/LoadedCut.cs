using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Segments;

/// <summary>
/// Head and tail of one partition, loaded on this machine: to inspect or change the values that cross a cut, to run a tail, or to time both.
/// Runs use the caller's thread; several runs may be concurrent. Dispose it after the last run has ended.
/// </summary>
public sealed class LoadedCut : IDisposable
{
    private readonly Routing _route;
    private readonly ISegmentRunner? _head;
    private readonly ISegmentRunner? _tail;
    private readonly Action _release;

    internal LoadedCut(Partition partition, Routing route, ISegmentRunner? head, ISegmentRunner? tail, Action release) =>
        (Partition, _route, _head, _tail, _release) = (partition, route, head, tail, release);

    /// <summary>The partition.</summary>
    public Partition Partition { get; }

    /// <summary>Index of the model's first output among those of the tail; null if it is computed before the cut.</summary>
    internal int? FirstOutput => _route.Outputs[0] is { Origin: ValueOrigin.Tail } source ? source.Index : null;

    /// <summary>Loads one partition, which shares no memory with others. A <see cref="CutLoader"/> loads several that share memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="partition">Index of a partition that can be made.</param>
    /// <param name="execution">How ONNX Runtime runs; null for the defaults.</param>
    /// <exception cref="ArgumentException">There is no such partition, or it cannot be made.</exception>
    /// <exception cref="EngineException">The engine refuses the head or the tail.</exception>
    public static LoadedCut Load(PartitionedModel model, int partition, ExecutionOptions? execution = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        execution ??= new();
        var route = model.Route(partition);
        var head = Load(model.Head(partition), execution);
        try
        {
            var tail = Load(model.Tail(partition), execution);
            return new(model.Plan.Partitions[partition], route, head, tail, () =>
            {
                head?.Dispose();
                tail?.Dispose();
            });
        }
        catch
        {
            head?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Loads the model's file unchanged in a plain session, in place of the last partition, as a baseline for timing heads and tails.
    /// <see cref="MakeBoundary"/> runs it and discards its outputs.
    /// </summary>
    /// <param name="model">The model; its file must still exist.</param>
    /// <param name="execution">How ONNX Runtime runs; null for the defaults.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ModelFormatException">The file is not the one any more that was read.</exception>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static LoadedCut LoadFile(PartitionedModel model, ExecutionOptions? execution = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        execution ??= new();
        var plan = model.Plan;
        var session = model.LoadFile(execution);
        var runner = new SegmentRunner(session, plan.Inputs, plan.Outputs.DistinctBy(static o => o.Name).Where(o => session.Outputs.Any(p => p.Name == o.Name)));
        var route = new Routing { HeadInputs = [.. Enumerable.Range(0, plan.Inputs.Length)], HasHead = true, Boundary = [], Outputs = [] };
        return new(plan.AllOnDevice, route, runner, null, runner.Dispose);
    }

    /// <summary>Runs the head.</summary>
    /// <param name="inputs">A tensor for each input of the plan; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>The values that cross, in the order of <see cref="Partition.Boundary"/>. The caller owns them; those that are inputs of the model share their memory.</returns>
    /// <exception cref="EngineException">The run failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public TensorValue[] MakeBoundary(IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var made = RunHead(inputs, cancellationToken);
        TensorValue[] boundary = [.. _route.Boundary.Select(source => (source.Origin == ValueOrigin.Input ? inputs : made)[source.Index].Share())];
        Release(made);
        return boundary;
    }

    /// <summary>Runs the tail.</summary>
    /// <param name="boundary">A tensor for each of <see cref="Partition.Boundary"/>; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>A tensor for each of <see cref="Partition.TailOutputs"/>, which the caller owns.</returns>
    /// <exception cref="EngineException">The run failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public TensorValue[] RunTail(ReadOnlySpan<TensorValue> boundary, CancellationToken cancellationToken = default) => Run(_tail, boundary, cancellationToken);

    /// <summary>Runs head and tail; the boundary is passed on unchanged.</summary>
    /// <param name="inputs">A tensor for each input of the plan; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>A tensor for each output of the plan, which the caller owns.</returns>
    /// <exception cref="EngineException">A run failed.</exception>
    /// <exception cref="OperationCanceledException">A run was cancelled.</exception>
    public TensorValue[] Run(IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        TensorValue[] made = [], ended = [];
        try
        {
            made = RunHead(inputs, cancellationToken);
            ended = RunTail([.. _route.Boundary.Select(source => (source.Origin == ValueOrigin.Input ? inputs : made)[source.Index])], cancellationToken);
            return [.. _route.Outputs.Select(source => Held(source.Origin)[source.Index].Share())];
        }
        finally
        {
            Release(made);
            Release(ended);
        }

        IReadOnlyList<TensorValue> Held(ValueOrigin origin) => origin switch { ValueOrigin.Input => inputs, ValueOrigin.Head => made, _ => ended };
    }

    /// <summary>Unloads the segments that no other cut uses.</summary>
    public void Dispose() => _release();

    private TensorValue[] RunHead(IReadOnlyList<TensorValue> inputs, CancellationToken cancellationToken) =>
        Run(_head, [.. _route.HeadInputs.Select(place => inputs[place])], cancellationToken);

    private static SegmentRunner? Load(SegmentModel segment, ExecutionOptions execution) => segment.IsEmpty
        ? null
        : new(segment.Load(execution), segment.Inputs, segment.Outputs);

    private static TensorValue[] Run(ISegmentRunner? segment, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken)
    {
        if (segment is null) return [];
        var outputs = new TensorValue[segment.Outputs.Count];
        if (segment is SegmentRunner runner) runner.Run(inputs, outputs, cancellationToken);
        // The application has wrapped the runner in its own one.
        else segment.RunAsync(inputs.ToArray(), outputs, cancellationToken).AsTask().GetAwaiter().GetResult();
        return outputs;
    }

    private static void Release(TensorValue[] tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
