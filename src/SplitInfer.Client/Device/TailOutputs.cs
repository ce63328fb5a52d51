using SplitInfer.Tensors;

namespace SplitInfer.Client.Device;

/// <summary>The outputs of a tail, from wherever it ran. Whoever holds them disposes them, and with them the tensors that were not taken.</summary>
/// <param name="Tensors">One tensor for each of <see cref="Partitioning.Partition.TailOutputs"/>, in that order; setting a place to null takes the tensor over. Null in the default value.</param>
/// <param name="Time">How long the run took; of a tail on the server, from the start of encoding to the decoded outputs.</param>
/// <param name="IsWhole">Whether the device ran the whole model rather than the tail alone.</param>
internal readonly record struct TailOutputs(TensorValue?[]? Tensors, TimeSpan Time, bool IsWhole = false) : IDisposable
{
    /// <summary>
    /// The other variant that has run in place of the one that was cut; <see cref="Tensors"/> then are all outputs of the model, so that none of the head's
    /// is mixed with them. Null where it is the same.
    /// </summary>
    public int? Variant { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors ?? []) tensor?.Dispose();
    }
}
