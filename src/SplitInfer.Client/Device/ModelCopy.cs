using System.Collections.Frozen;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>What the device knows of a model, whether it has the file or not. Immutable.</summary>
internal abstract class ModelCopy
{
    /// <summary>Where the model is from, for messages.</summary>
    public abstract string Source { get; }

    /// <summary>All partitions.</summary>
    public abstract PartitionPlan Plan { get; }

    /// <summary>Values for inputs that requests may omit, by name.</summary>
    public virtual IReadOnlyDictionary<string, TensorValue> Defaults => FrozenDictionary<string, TensorValue>.Empty;

    /// <summary>The nodes that the device runs after the tail; null if there are none.</summary>
    public virtual DeviceFinish? Finish => null;

    /// <summary>How values flow through a partition.</summary>
    public abstract Routing Route(int partition);

    /// <summary>How values flow where a tail is run within the whole model.</summary>
    public abstract Routing WholeRoute { get; }

    /// <summary>Whether the model has a value of its own for an input, so that an application may ask to feed another.</summary>
    public virtual bool IsFedable(string name) => false;

    /// <summary>Made-up inputs, which the caller owns.</summary>
    /// <exception cref="TensorMismatchException">The model does not say how many dimensions an input has, or is not to be run on made-up inputs.</exception>
    public abstract TensorValue[] MakeInputs();
}

/// <summary>A model whose file the device has.</summary>
internal sealed class PlannedCopy(PartitionedModel model) : ModelCopy
{
    public override string Source => model.Source;

    public override PartitionPlan Plan => model.Plan;

    public override IReadOnlyDictionary<string, TensorValue> Defaults => model.Defaults;

    public override DeviceFinish? Finish => model.Finish;

    public override Routing WholeRoute => Route(Plan.AllOnDevice.Index);

    public override Routing Route(int partition) => model.Route(partition);

    public override bool IsFedable(string name) => model.IsFedable(name);

    public override TensorValue[] MakeInputs() => model.NoSyntheticRunReason is { } refusal
        ? throw new TensorMismatchException($"{refusal}.")
        : [.. model.MakeInputs(seed: 0)];
}

/// <summary>A model that only servers have: partition 0 passes the inputs on, and nothing else can be taken.</summary>
/// <param name="described">What a server says of it.</param>
/// <param name="name">What the server calls it, for messages.</param>
internal sealed class AbsentCopy(PartitionPlan described, string name) : ModelCopy, ISegmentCompiler
{
    private readonly Routing _route = Routing.Of(
        described.AllOnServer, [.. described.Inputs.Select(static input => input.Name)], [], [], described.Outputs.Select(static output => output.Name));

    public override string Source => name;

    public override PartitionPlan Plan => described;

    public override Routing WholeRoute => _route;

    /// <inheritdoc/>
    public long SharedBytes => 0;

    public override Routing Route(int partition) => _route;

    public override TensorValue[] MakeInputs() => throw Missing();

    /// <inheritdoc/>
    public CompiledSegment Compile(SegmentKey key) => throw Missing();

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    // Nothing asks for it: the only partition that can be taken passes the inputs as they are.
    private InvalidOperationException Missing() => new($"The device has no copy of model '{name}'.");
}
