using SplitInfer.Client.Policies;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>The model on the device: its plan, its loaded heads, and how values flow through each partition.</summary>
internal sealed class ClientModel : IDisposable
{
    private readonly PartitionedModel _model;
    private readonly SegmentCache _segments;
    private readonly ITensorCodec _codec;
    private readonly BoundaryLayout _inputs;
    private readonly BoundaryLayout[] _boundaries;
    private readonly Routing?[] _routes;
    private readonly Arm[] _arms;

    public ClientModel(PartitionedModel model, SegmentCache segments, ITensorCodec codec)
    {
        (_model, _segments, _codec) = (model, segments, codec);
        _inputs = BoundaryLayout.For(Plan.Inputs);
        _boundaries = [.. Plan.Partitions.Select(static p => BoundaryLayout.For(p.Boundary))];
        _routes = new Routing?[Plan.Partitions.Length];
        _arms = [.. Plan.Partitions.Select(p => new Arm(p, codec.Name))];
    }

    /// <summary>All partitions.</summary>
    public PartitionPlan Plan => _model.Plan;

    /// <summary>The arm that takes a partition.</summary>
    /// <exception cref="InvalidPartitionException">There is none, or it is not admissible.</exception>
    public Arm ArmFor(int partition)
    {
        if (partition < 0 || partition >= _arms.Length)
            throw new InvalidPartitionException($"There is no partition {partition}. The model has 0 (everything on the server) to {_arms.Length - 1} (everything on the device).");
        return _arms[partition].Partition.Refusal is { } refusal
            ? throw new InvalidPartitionException($"Partition {partition} cannot be taken: {refusal}. The arms are {string.Join(", ", Plan.Arms.Select(static a => a.Index))}.")
            : _arms[partition];
    }

    /// <summary>Checks that tensors are what the model takes.</summary>
    /// <exception cref="TensorMismatchException">One is not.</exception>
    public void Check(ReadOnlySpan<Tensor> inputs) => _inputs.Measure(inputs);

    /// <summary>Puts inputs that were given by name in the model's order.</summary>
    /// <exception cref="TensorMismatchException">One is missing, or is not the model's.</exception>
    public Tensor[] Arrange(IReadOnlyDictionary<string, Tensor> inputs)
    {
        foreach (var name in inputs.Keys)
            if (Plan.Inputs.All(i => i.Name != name)) throw new TensorMismatchException($"The model has no input '{name}'. It takes: {string.Join(", ", Plan.Inputs)}.");
        return [.. Plan.Inputs.Select(i => inputs.TryGetValue(i.Name, out var tensor)
            ? tensor
            : throw new TensorMismatchException($"Input '{i.Name}' is missing. The model takes: {string.Join(", ", Plan.Inputs)}."))];
    }

    /// <summary>The place of an output.</summary>
    /// <exception cref="TensorMismatchException">The model has no such output.</exception>
    public int OutputIndex(string name)
    {
        for (var index = 0; index < Plan.Outputs.Length; index++)
            if (Plan.Outputs[index].Name == name) return index;
        throw new TensorMismatchException($"The model has no output '{name}'. It yields: {string.Join(", ", Plan.Outputs)}.");
    }

    /// <summary>What is known of every arm beforehand.</summary>
    public IEnumerable<ArmProfile> Profiles => Plan.Arms.Select(p => ArmProfile.Of(p, _codec.Name, p.BoundaryBytes * 8.0));

    /// <summary>Starts one request.</summary>
    public InferencePass Begin(Partition partition, ReadOnlyMemory<Tensor> inputs, StageClock clock) =>
        new(partition, RouteOf(partition.Index), _segments, _codec, _boundaries[partition.Index], inputs, clock);

    /// <summary>Made-up inputs, which the caller owns.</summary>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions an input has.</exception>
    public Tensor[] MakeInputs() => [.. _model.MakeInputs(seed: 0)];

    /// <summary>Loads the heads of all arms.</summary>
    /// <param name="withTails">Whether the device may have to run tails as well.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask PreloadAsync(bool withTails, CancellationToken cancellationToken)
    {
        var heads = Plan.Arms.Where(a => RouteOf(a.Index).HasHead).Select(static a => new SegmentKey(SegmentSide.Head, a.Index));
        var tails = Plan.Arms.Where(a => withTails && !a.TailOutputs.IsEmpty).Select(static a => new SegmentKey(SegmentSide.Tail, a.Index));
        return _segments.PreloadAsync(heads.Concat(tails), cancellationToken);
    }

    public void Dispose() => _segments.Dispose();

    private Routing RouteOf(int partition) => _routes[partition] ??= _model.Route(partition);
}
