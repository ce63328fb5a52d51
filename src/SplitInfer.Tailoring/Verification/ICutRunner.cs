using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>Runs partitions of one model, head and tail, in whatever way is to be verified. Used for one run at a time.</summary>
public interface ICutRunner : IAsyncDisposable
{
    /// <summary>Runs one partition once.</summary>
    /// <param name="partition">One that can be made.</param>
    /// <param name="inputs">A tensor for each input of the plan; they stay the caller's and do not change until the run ends.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>What came out, which the caller disposes.</returns>
    /// <exception cref="SplitInferException">The partition does not run, which fails it and no other.</exception>
    ValueTask<CutOutputs> RunAsync(Partition partition, ReadOnlyMemory<TensorValue> inputs, CancellationToken cancellationToken);
}

/// <summary>What the run of a partition gave.</summary>
/// <param name="tensors">A tensor for each output of the plan.</param>
/// <param name="deviceOutputs">The outputs that cannot cross a cut, by name; null where the model has none.</param>
/// <param name="owner">Disposed with this; null where nobody else holds the values, which are then disposed one by one.</param>
public sealed class CutOutputs(IReadOnlyList<TensorValue> tensors, IReadOnlyDictionary<string, ModelValue>? deviceOutputs = null, IDisposable? owner = null) : IDisposable
{
    /// <summary>A tensor for each output of the plan.</summary>
    public IReadOnlyList<TensorValue> Tensors { get; } = tensors;

    /// <summary>The outputs that cannot cross a cut, by name; none for most models. See <see cref="PartitionPlan.DeviceOutputs"/>.</summary>
    public IReadOnlyDictionary<string, ModelValue> DeviceOutputs { get; } = deviceOutputs ?? new Dictionary<string, ModelValue>();

    /// <summary>Gives the values back.</summary>
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
