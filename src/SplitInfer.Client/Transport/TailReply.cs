using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>What came back from the tail. Whoever holds it disposes it, and with it the outputs that were not taken.</summary>
public sealed class TailReply(TensorValue[] outputs, TailTimings timings) : IDisposable
{
    /// <summary>The outputs in the order of <see cref="Partitioning.Partition.TailOutputs"/>. Setting a place to null takes the tensor over.</summary>
    public TensorValue?[] Outputs { get; } = outputs;

    /// <summary>What the other end says it spent.</summary>
    public TailTimings Timings { get; } = timings;

    /// <summary>How busy the other end was; all 0 where it did not say.</summary>
    public ServerLoad Load { get; init; }

    /// <summary>The exit of the server's model that answered, from 1 on; 0 for the model's own outputs.</summary>
    public int Exit { get; init; }

    /// <summary>How sure that exit is of its answer, 0 to 1; 0 without exits.</summary>
    public double Confidence { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var output in Outputs) output?.Dispose();
    }
}
