using System.Collections.Frozen;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
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

    /// <summary>Name of the server that was asked, whether it answered first or not: <see cref="ServerOptions.Name"/>, or its address. Null where none was.</summary>
    public required string? Server { get; init; }

    /// <summary>Where the result was computed.</summary>
    public required InferenceSource Source { get; init; }

    /// <summary>Whether device and server both ran the tail, from the start or because the reply was late, so that <see cref="Source"/> tells who was first.</summary>
    public required bool IsRaced { get; init; }

    /// <summary>Why the device finished what was meant for the server; null where the server answered or was not needed.</summary>
    public required Exception? ServerFailure { get; init; }

    /// <summary>How busy the server was when it replied; null where the result is not the server's.</summary>
    public required ServerLoad? ServerLoad { get; init; }

    /// <summary>Where the time went.</summary>
    public required InferenceTimings Timings { get; init; }

    /// <summary>Payload bytes that were sent up to the result, those of a race that the device won included, those of <see cref="Decision.Shadow"/> not; 0 where the server was not asked.</summary>
    public required long BytesSent { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var output in _outputs) output.Dispose();
        foreach (var value in DeviceOutputs.Values) value.Dispose();
    }

    /// <summary>What an attempt that has run its tail comes to.</summary>
    /// <param name="attempt">The attempt; it keeps what it owns, since outputs are shared.</param>
    /// <param name="model">The model on the device.</param>
    /// <param name="servers">The servers, by the number in the decision.</param>
    /// <param name="skipped">Why the server was not even tried; null where it was, or was not chosen.</param>
    /// <param name="stop">Ends the making of what only the device can make.</param>
    internal static async ValueTask<InferenceResult> CreateAsync(Attempt attempt, LocalModel model, ServerSet servers, Exception? skipped, CancellationToken stop)
    {
        var outputs = attempt.TakeOutputs();
        IReadOnlyDictionary<string, ModelValue> deviceOutputs;
        try
        {
            deviceOutputs = await model.MakeDeviceOutputsAsync(attempt.Inputs, outputs, stop).ConfigureAwait(false);
        }
        catch
        {
            foreach (var output in outputs) output.Dispose();
            throw;
        }

        var (result, partition) = (attempt.Result, attempt.Cut.Partition);
        return new InferenceResult(model, outputs)
        {
            DeviceOutputs = deviceOutputs,
            Decision = attempt.Decision,
            Partition = partition,
            Codec = attempt.Codec.Name,
            Server = result.Server == ServerOutcome.NotAsked ? null : servers.All[attempt.Decision.Arm.Server].Name,
            Source = !result.IsFromServer ? InferenceSource.Device : partition.Head.Nodes == 0 ? InferenceSource.Server : InferenceSource.Split,
            IsRaced = result.IsRaced,
            ServerFailure = result.ServerFailure ?? skipped,
            BytesSent = attempt.Progress.BytesSent,
            ServerLoad = result.IsFromServer ? result.ServerLoad : null,
            Timings = new()
            {
                Head = attempt.HeadTime,
                Encode = TimeSpan.FromSeconds(attempt.EncodeSeconds),
                Offload = result.IsFromServer ? TimeSpan.FromSeconds(result.OffloadSeconds) : TimeSpan.Zero,
                Tail = result.IsFromServer ? TimeSpan.Zero : result.Outputs.Time,
                Server = result.ServerTimings,
                Total = attempt.Total,
            },
        };
    }
}
