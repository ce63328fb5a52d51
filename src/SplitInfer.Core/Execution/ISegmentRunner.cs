using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Runs one segment of a model: a head, a tail, or the whole. Implementations are safe for concurrent runs.</summary>
public interface ISegmentRunner : IDisposable
{
    /// <summary>What the segment takes, in the order in which <see cref="RunAsync"/> takes it.</summary>
    IReadOnlyList<TensorSpec> Inputs { get; }

    /// <summary>What the segment yields, in the order in which <see cref="RunAsync"/> yields it.</summary>
    IReadOnlyList<TensorSpec> Outputs { get; }

    /// <summary>Runs the segment once.</summary>
    /// <param name="inputs">One tensor for each of <see cref="Inputs"/>; they stay the caller's and must not change until the run ends.</param>
    /// <param name="outputs">Room for one tensor for each of <see cref="Outputs"/>; on success each place holds a tensor that the caller owns, on failure none does.</param>
    /// <param name="cancellationToken">Stops the run at the next node of the graph.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="TensorMismatchException">An input has the wrong type or shape.</exception>
    ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default);
}
