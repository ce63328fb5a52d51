using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>What can be done with any engine and session.</summary>
internal static class EngineSessions
{
    private static readonly SessionSettings Plain = new();
    private static readonly GraphOptimization[] Levels = [GraphOptimization.All, GraphOptimization.Extended, GraphOptimization.Basic, GraphOptimization.None];

    /// <summary>Loads a model that shares nothing with other sessions.</summary>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static IEngineSession Load(this IInferenceEngine engine, byte[] model, ExecutionOptions options, string? externalDataFolder = null) =>
        engine.Load(model, options, externalDataFolder is null ? Plain : new() { ExternalDataFolder = externalDataFolder });

    /// <summary>Loads with fewer and fewer optimisations until the engine accepts the model: an optimiser can fail although the model is valid.</summary>
    /// <param name="options">How the model runs, with the most optimisation that is tried.</param>
    /// <param name="load">Loads it.</param>
    /// <param name="used">The optimisation with which it was loaded.</param>
    /// <param name="reason">Why not with more; null if it was loaded with the most.</param>
    /// <exception cref="EngineException">The engine takes it with none; the error is the first.</exception>
    public static T WithFewerOptimizations<T>(this ExecutionOptions options, Func<ExecutionOptions, T> load, out GraphOptimization used, out EngineException? reason)
    {
        (used, reason) = (options.Optimization, null);
        foreach (var level in Levels.Where(level => level <= options.Optimization))
        {
            try
            {
                used = level;
                return load(options.With(level));
            }
            catch (EngineException error) when (!error.IsOfMemory)
            {
                reason ??= error;
            }
        }

        throw reason!;
    }

    /// <summary>Loads a model file unchanged; external data is relative to its folder.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static IEngineSession LoadFile(this IInferenceEngine engine, string path, ExecutionOptions options) =>
        engine.Load(File.ReadAllBytes(path), options, Path.GetDirectoryName(Path.GetFullPath(path)));

    /// <summary>Runs with all inputs and outputs, in the session's order.</summary>
    public static void Run(this IEngineSession session, ReadOnlySpan<TensorValue> inputs, Span<TensorValue> outputs, CancellationToken cancellationToken = default) =>
        session.Run(Enumerable.Range(0, session.Inputs.Length).ToArray(), inputs, Enumerable.Range(0, session.Outputs.Length).ToArray(), outputs, cancellationToken);

    /// <summary>Runs for some of the outputs only; nodes that these do not need are run all the same.</summary>
    /// <param name="session">The session.</param>
    /// <param name="inputNames">Names of inputs.</param>
    /// <param name="inputs">A tensor for each.</param>
    /// <param name="outputNames">Names of outputs.</param>
    /// <param name="outputs">Receives a tensor for each, which the caller owns.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="TensorMismatchException">A name is not one of the session's or comes twice, or the number of tensors is wrong.</exception>
    public static void Run(
        this IEngineSession session, ReadOnlySpan<string> inputNames, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<string> outputNames, Span<TensorValue> outputs,
        CancellationToken cancellationToken = default) =>
        session.Run(PlacesOf(inputNames, session.Inputs, "input"), inputs, PlacesOf(outputNames, session.Outputs, "output"), outputs, cancellationToken);

    /// <summary>The places of values by name.</summary>
    /// <exception cref="TensorMismatchException">A name is not among them, or comes twice.</exception>
    public static int[] PlacesOf(ReadOnlySpan<string> names, ImmutableArray<EngineValue> values, string what)
    {
        var places = new int[names.Length];
        for (var i = 0; i < places.Length; i++)
        {
            var name = names[i];
            if (names[..i].Contains(name)) throw new TensorMismatchException($"The {what} '{name}' is named twice.");
            places[i] = Enumerable.Range(0, values.Length).FirstOrDefault(place => values[place].Name == name, -1);
            if (places[i] < 0)
                throw new TensorMismatchException($"The model has no {what} '{name}'. It has: {string.Join(", ", values.Select(static value => value.Name))}.");
        }

        return places;
    }
}
