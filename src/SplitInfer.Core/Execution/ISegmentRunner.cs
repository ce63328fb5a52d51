using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Runs one segment of a model: a head, a tail, or the whole model. Implementations are safe for concurrent runs.</summary>
public interface ISegmentRunner : IDisposable
{
    /// <summary>Inputs of the segment, in the order of <see cref="RunAsync"/>.</summary>
    IReadOnlyList<TensorSpec> Inputs { get; }

    /// <summary>Outputs of the segment, in the order of <see cref="RunAsync"/>.</summary>
    IReadOnlyList<TensorSpec> Outputs { get; }

    /// <summary>Fingerprint of the model that the segment is of, so that those of two models which look alike are told apart; null (the default) where it is not known. A runner that wraps another one passes it on.</summary>
    Fingerprint? Model => null;

    /// <summary>Runs the segment once.</summary>
    /// <param name="inputs">One tensor for each of <see cref="Inputs"/>; the caller keeps ownership and must not change them until the run ends.</param>
    /// <param name="outputs">Receives one tensor for each of <see cref="Outputs"/>, which the caller owns; on failure it receives none.</param>
    /// <param name="cancellationToken">Stops the run at the next node of the graph.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="TensorMismatchException">An input has the wrong type or shape.</exception>
    ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default);
}
