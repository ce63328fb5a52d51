using System.Collections.Frozen;
using SplitInfer.Client.Device;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>The outputs of one request and what they cost. Whoever holds it disposes it, and with it the outputs.</summary>
public sealed class InferenceResult : IDisposable
{
    private readonly TensorValue[] _outputs;
    private readonly LocalModel _model;

    internal InferenceResult(LocalModel model, TensorValue[] outputs) => (_model, _outputs) = (model, outputs);

    /// <summary>The model's outputs in the order of <see cref="PartitionPlan.Outputs"/>.</summary>
    public IReadOnlyList<TensorValue> Outputs => _outputs;

    /// <summary>The outputs that cannot cross a cut, such as maps and text, by name; the device has made them of <see cref="Outputs"/>. Empty for most models.</summary>
    public IReadOnlyDictionary<string, ModelValue> DeviceOutputs { get; internal init; } = FrozenDictionary<string, ModelValue>.Empty;

    /// <summary>The output of that name.</summary>
    /// <exception cref="TensorMismatchException">The model has no such output.</exception>
    public TensorValue this[string name] => _outputs[_model.OutputIndex(name)];

    /// <summary>What the policy chose, as numbers.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Where the model was cut.</summary>
    public required Partition Partition { get; init; }

    /// <summary>Name of the codec in which the boundary travelled; of no consequence where everything ran on the device.</summary>
    public required string Codec { get; init; }

    /// <summary>Where the result was computed.</summary>
    public required InferenceSource Source { get; init; }

    /// <summary>Whether device and server both ran the tail, from the start or because the reply was late, so that <see cref="Source"/> tells who was first.</summary>
    public required bool IsRaced { get; init; }

    /// <summary>Why the device finished what was meant for the server; null where the server answered or was not needed.</summary>
    public required Exception? ServerFailure { get; init; }

    /// <summary>Where the time went.</summary>
    public required InferenceTimings Timings { get; init; }

    /// <summary>Payload bytes that were sent up to the result, those of a race that the device won included; 0 where the server was not asked.</summary>
    public required long BytesSent { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var output in _outputs) output.Dispose();
        foreach (var value in DeviceOutputs.Values) value.Dispose();
    }
}
