using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>A model that an engine has loaded. Safe for concurrent runs; runs that are in progress when it is disposed complete normally.</summary>
public interface IEngineSession : IDisposable
{
    /// <summary>The inputs of the session, in its order.</summary>
    ImmutableArray<EngineValue> Inputs { get; }

    /// <summary>The outputs of the session, in its order.</summary>
    ImmutableArray<EngineValue> Outputs { get; }

    /// <summary>Runs once, on the caller's thread. Values are identified by their indexes in <see cref="Inputs"/> and <see cref="Outputs"/>, each at most once.</summary>
    /// <param name="inputPlaces">Indexes of the given inputs.</param>
    /// <param name="inputs">A tensor for each; the caller keeps ownership and must not change them until the run ends.</param>
    /// <param name="outputPlaces">Indexes of the requested outputs.</param>
    /// <param name="outputs">Receives a tensor for each, which the caller owns; on failure none.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="EngineException">The run failed, or a requested output is not a tensor.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    void Run(
        ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken);

    /// <summary>Runs once and returns all outputs, of any kind. It allocates, so use it only for models with outputs that are not tensors.</summary>
    /// <param name="names">Names of the given values: all of <see cref="Inputs"/>, and initializers that the model allows callers to replace.</param>
    /// <param name="inputs">A tensor for each name; the caller keeps ownership.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <returns>One value for each of <see cref="Outputs"/>, which the caller owns.</returns>
    /// <exception cref="EngineException">The run failed, or an output is of a kind that cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed.</exception>
    ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken);
}
