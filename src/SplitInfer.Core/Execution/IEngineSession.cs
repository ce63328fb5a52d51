using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>A model that an engine has loaded. Safe for concurrent runs; runs that are under way when it is disposed end normally.</summary>
public interface IEngineSession : IDisposable
{
    /// <summary>What the session must be fed, in its order.</summary>
    ImmutableArray<EngineValue> Inputs { get; }

    /// <summary>What it yields, in its order.</summary>
    ImmutableArray<EngineValue> Outputs { get; }

    /// <summary>Runs once, on the caller's thread. Values are named by their places among <see cref="Inputs"/> and <see cref="Outputs"/>, each at most once.</summary>
    /// <param name="inputPlaces">The inputs that are fed.</param>
    /// <param name="inputs">A tensor for each; they stay the caller's and must not change until the run ends.</param>
    /// <param name="outputPlaces">The outputs that are wanted.</param>
    /// <param name="outputs">Receives a tensor for each, which the caller owns; on failure none.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="EngineException">The run failed, or an output that is wanted is not a tensor.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken);

    /// <summary>Runs once for all outputs, whatever they are. It allocates, so it is for what yields more than tensors.</summary>
    /// <param name="names">The names of what is fed: all of <see cref="Inputs"/>, and initializers that the model lets callers feed.</param>
    /// <param name="inputs">A tensor for each name; they stay the caller's.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>One value for each of <see cref="Outputs"/>, which the caller owns.</returns>
    /// <exception cref="EngineException">The run failed, or an output is of a kind that cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken);
}
