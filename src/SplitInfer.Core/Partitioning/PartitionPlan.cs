using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>All partitions of a model. Client and server make the same plan from the same bytes. Immutable.</summary>
public sealed class PartitionPlan
{
    /// <summary>SHA-256 of the model: its file and its external data.</summary>
    public required Fingerprint Model { get; init; }

    /// <summary>SHA-256 of what client and server must agree on: the order of the nodes and every boundary with its names, types and dimensions.</summary>
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>Inputs of the model. Inputs with a default value in the file are constants and not listed.</summary>
    public required ImmutableArray<TensorSpec> Inputs { get; init; }

    /// <summary>Outputs of the model; in place of <see cref="DeviceOutputs"/>, the tensors from which they are computed.</summary>
    public required ImmutableArray<TensorSpec> Outputs { get; init; }

    /// <summary>Names of the outputs that cannot cross a cut, such as maps and text: the device makes them of <see cref="Outputs"/>, after the tail. Empty for most models.</summary>
    public ImmutableArray<string> DeviceOutputs { get; init; } = [];

    /// <summary>Every partition, by its index: 0 … P.</summary>
    public required ImmutableArray<Partition> Partitions { get; init; }

    /// <summary>The partitions that can win, by rising index; the last one runs everything on the device.</summary>
    public required ImmutableArray<Partition> Arms { get; init; }

    /// <summary>
    /// Why the sizes that the file does not fix could not be measured; bytes and work then assume 1 for each. Null if they could be measured, or
    /// if the file fixes all sizes.
    /// </summary>
    public required string? MeasureFailure { get; init; }

    /// <summary>A <see cref="PlanSketch"/> of the plan, made when it is first asked for.</summary>
    internal byte[] Sketch => field ??= PlanSketch.Of(this);

    /// <summary>The partition that runs everything on the device.</summary>
    public Partition AllOnDevice => Partitions[^1];

    /// <summary>The partition that runs everything on the server.</summary>
    public Partition AllOnServer => Partitions[0];

    /// <summary>Inputs, outputs, and the partitions that can win, on one line.</summary>
    public override string ToString() =>
        $"{string.Join(", ", Inputs)} → {string.Join(", ", [.. Outputs.Select(static o => o.ToString()), .. DeviceOutputs])}; {Partitions.Length} partitions, arms {string.Join(", ", Arms.Select(static arm => arm.Index))}";
}
