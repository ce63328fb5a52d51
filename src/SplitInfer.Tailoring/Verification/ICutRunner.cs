using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>Runs partitions of one model, head and tail, in the way that is to be verified. Not used concurrently.</summary>
public interface ICutRunner : IAsyncDisposable
{
    /// <summary>Runs one partition once.</summary>
    /// <param name="partition">A partition that can be made.</param>
    /// <param name="inputs">A tensor for each input of the plan; the caller keeps ownership and must not change them until the run ends.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>The results, which the caller disposes.</returns>
    /// <exception cref="SplitInferException">The partition does not run; only this partition then fails.</exception>
    ValueTask<CutOutputs> RunAsync(Partition partition, ReadOnlyMemory<TensorValue> inputs, CancellationToken cancellationToken);
}

/// <summary>The results of a run of a partition.</summary>
/// <param name="tensors">A tensor for each output of the plan.</param>
/// <param name="deviceOutputs">The outputs that cannot cross a cut, by name; null if the model has none.</param>
/// <param name="owner">Owner of the values, which is disposed with this; null if the values are to be disposed one by one.</param>
public sealed class CutOutputs(IReadOnlyList<TensorValue> tensors, IReadOnlyDictionary<string, ModelValue>? deviceOutputs = null, IDisposable? owner = null) : IDisposable
{
    /// <summary>A tensor for each output of the plan.</summary>
    public IReadOnlyList<TensorValue> Tensors { get; } = tensors;

    /// <summary>The outputs that cannot cross a cut, by name; none for most models. See <see cref="PartitionPlan.DeviceOutputs"/>.</summary>
    public IReadOnlyDictionary<string, ModelValue> DeviceOutputs { get; } = deviceOutputs ?? new Dictionary<string, ModelValue>();

    /// <summary>Releases the values.</summary>
    public void Dispose()
    {
        if (owner is not null)
        {
            owner.Dispose();
            return;
        }

        foreach (var tensor in Tensors) tensor.Dispose();
        foreach (var value in DeviceOutputs.Values) value.Dispose();
    }
}
