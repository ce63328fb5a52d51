using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Policies;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>The model on the device: its plan, its loaded heads, and how values flow through each partition.</summary>
internal sealed class ClientModel : IDisposable
{
    private readonly PartitionedModel _model;
    private readonly SegmentSet _segments;
    private readonly CodecRegistry _codecs;
    private readonly BoundaryLayout _inputs;
    private readonly BoundaryLayout[] _boundaries;
    private readonly Routing?[] _routes;
    private readonly LocalTail?[] _localTails;
    private readonly Lazy<IEngineSession>? _finish;

    public ClientModel(PartitionedModel model, SegmentSet segments, ArmCatalog arms, CodecRegistry codecs, ExecutionOptions execution)
    {
        (_model, _segments, Arms, _codecs) = (model, segments, arms, codecs);
        _inputs = BoundaryLayout.For(Plan.Inputs);
        _boundaries = [.. Plan.Partitions.Select(static p => BoundaryLayout.For(p.Boundary))];
        _routes = new Routing?[Plan.Partitions.Length];
        _localTails = new LocalTail?[Plan.Partitions.Length];
        if (model.Finish is { } finish) _finish = new(() => execution.WithFewerOptimizations(less => execution.Engine.Load(finish.ToBytes(), less, finish.Folder), out _, out _), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>All partitions.</summary>
    public PartitionPlan Plan => _model.Plan;

    /// <summary>What policies choose among.</summary>
    public ArmCatalog Arms { get; }

    /// <summary>The partitions that have turned out to be of no use.</summary>
    public ArmMask Mask { get; } = new();

    /// <summary>The partitions whose boundaries were not finite and that gave the right result all the same.</summary>
    public ConcurrentDictionary<int, bool> HarmlessPartitions { get; } = new();

    /// <summary>The arm that runs everything on the device.</summary>
    public Arm OnDevice => Arms.Named(Plan.AllOnDevice) with { Index = Arms.Profiles.Length - 1 };

    /// <summary>The arm that takes a partition which is named.</summary>
    /// <exception cref="InvalidPartitionException">There is none, or it is not admissible.</exception>
    public Arm ArmFor(int partition)
    {
        if (partition < 0 || partition >= Plan.Partitions.Length)
            throw new InvalidPartitionException($"There is no partition {partition}. The model has 0 (everything on the server) to {Plan.AllOnDevice.Index} (everything on the device).");
        return Plan.Partitions[partition].Refusal is { } refusal
            ? throw new InvalidPartitionException($"Partition {partition} cannot be taken: {refusal}. The arms are {string.Join(", ", Plan.Arms.Select(static a => a.Index))}.")
            : Arms.Named(Plan.Partitions[partition]);
    }

    /// <summary>Checks that tensors are what the model takes.</summary>
    /// <exception cref="TensorMismatchException">One is not.</exception>
    public void Check(ReadOnlySpan<Tensor> inputs) => _inputs.Measure(inputs);

    /// <summary>Puts inputs that were given by name in the model's order.</summary>
    /// <exception cref="TensorMismatchException">One is missing, or is not the model's.</exception>
    public Tensor[] Arrange(IReadOnlyDictionary<string, Tensor> inputs)
    {
        foreach (var name in inputs.Keys)
            if (Plan.Inputs.All(i => i.Name != name)) throw new TensorMismatchException(_model.IsFedable(name)
                ? $"The model has a value of its own for '{name}'. Name it in {nameof(PlanOptions)}.{nameof(PlanOptions.FedInitializers)}, at both ends, to feed another."
                : $"The model has no input '{name}'. It takes: {string.Join(", ", Plan.Inputs)}.");
        return [.. Plan.Inputs.Select(i => inputs.TryGetValue(i.Name, out var tensor) ? tensor
            : _model.Defaults.GetValueOrDefault(i.Name)
            ?? throw new TensorMismatchException($"Input '{i.Name}' is missing. The model takes: {string.Join(", ", Plan.Inputs)}."))];
    }

    /// <summary>The place of an output.</summary>
    /// <exception cref="TensorMismatchException">The model has no such output.</exception>
    public int OutputIndex(string name)
    {
        for (var index = 0; index < Plan.Outputs.Length; index++)
            if (Plan.Outputs[index].Name == name) return index;
        throw new TensorMismatchException($"The model has no output '{name}'. It yields: {string.Join(", ", Plan.Outputs)}.");
    }

    /// <summary>Starts one request.</summary>
    /// <param name="partition">Where the model is cut.</param>
    /// <param name="codec">Name of the codec, one that the client knows.</param>
    /// <param name="inputs">What the model takes.</param>
    /// <param name="clock">Times the stages.</param>
    public InferencePass Begin(Partition partition, string codec, ReadOnlyMemory<Tensor> inputs, StageClock clock) =>
        new(partition, RouteOf(partition.Index), _segments, LocalTailOf(partition), CodecOf(codec), _boundaries[partition.Index], inputs, clock);

    /// <summary>Made-up inputs, which the caller owns.</summary>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions an input has, or is not to be run on made-up inputs.</exception>
    public Tensor[] MakeInputs() => _model.MadeUpRunRefusal is { } refusal
        ? throw new TensorMismatchException($"{refusal}.")
        : [.. _model.MakeInputs(seed: 0)];

    /// <summary>Loads the whole model, then the segments of all arms.</summary>
    /// <param name="withTails">Whether the device may have to run tails as well.</param>
    /// <param name="isEnough">Whether to load no more, asked before every segment but the first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask PreloadAsync(bool withTails, Func<bool> isEnough, CancellationToken cancellationToken)
    {
        await _segments.PreloadAsync([new(SegmentSide.Head, Plan.AllOnDevice.Index)], cancellationToken).ConfigureAwait(false);
        foreach (var arm in Arms.Partitions)
        {
            // A partition without a head has the whole model for its tail.
            if (!RouteOf(arm.Index).HasHead) continue;
            foreach (var side in (SegmentSide[])(withTails && !arm.TailOutputs.IsEmpty ? [SegmentSide.Head, SegmentSide.Tail] : [SegmentSide.Head]))
            {
                if (isEnough()) return;
                try
                {
                    await _segments.PreloadAsync([new(side, arm.Index)], cancellationToken).ConfigureAwait(false);
                }
                catch (SegmentLoadException error)
                {
                    // Where only the tail cannot be loaded, the server may still run it, and the device the whole model.
                    if (side == SegmentSide.Head) Mask.Add(arm.Index, error.Message);
                }
            }
        }
    }

    /// <summary>Makes the outputs that cannot cross of those that can, on the device.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="outputs">The tensors of <see cref="PartitionPlan.Outputs"/>.</param>
    /// <param name="cancellationToken">Stops it at the next node.</param>
    /// <returns>The values by name, which the caller owns; none where the model yields tensors only.</returns>
    public async ValueTask<IReadOnlyDictionary<string, ModelValue>> FinishAsync(ReadOnlyMemory<Tensor> inputs, Tensor[] outputs, CancellationToken cancellationToken)
    {
        if (_finish is null) return FrozenDictionary<string, ModelValue>.Empty;
        var finish = _model.Finish!;
        var given = finish.Inputs.Select(name => Place(Plan.Outputs, name) is >= 0 and var output ? outputs[output] : inputs.Span[Place(Plan.Inputs, name)]).ToArray();
        var values = await Task.Run(() => _finish.Value.RunForValues(finish.Inputs, given, cancellationToken), cancellationToken).ConfigureAwait(false);
        return finish.Outputs.Zip(values).ToDictionary(static v => v.First, static v => v.Second, StringComparer.Ordinal);
    }

    public void Dispose()
    {
        if (_finish is { IsValueCreated: true }) _finish.Value.Dispose();
        _segments.Dispose();
    }

    private static int Place(ImmutableArray<TensorSpec> values, string name) => Enumerable.Range(0, values.Length).FirstOrDefault(i => values[i].Name == name, -1);

    private ITensorCodec CodecOf(string name) => _codecs.TryGet(name, out var codec)
        ? codec
        : throw new ArgumentException($"There is no codec '{name}'. A policy takes the arms that it is given.", nameof(name));

    private LocalTail LocalTailOf(Partition partition) => _localTails[partition.Index] ??=
        new(_segments, Plan, partition, RouteOf(partition.Index).HasHead, RouteOf(Plan.AllOnDevice.Index));

    private Routing RouteOf(int partition) => _routes[partition] ??= _model.Route(partition);
}
