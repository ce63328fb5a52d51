namespace SplitInfer.Execution;

/// <summary>
/// Sessions that hold once what their kernels make of weights that are given to them all. Disposing the group closes no session: what the
/// sessions share lives until the last of them is gone.
/// </summary>
public interface ISessionGroup : IDisposable
{
    /// <summary>Loads a model into the group. See <see cref="IInferenceEngine.Load"/>.</summary>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings);
}
