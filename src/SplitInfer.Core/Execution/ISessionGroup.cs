namespace SplitInfer.Execution;

/// <summary>
/// Sessions whose kernels share weights that they have converted for their own use. Disposing the group does not close its sessions: the shared
/// memory is freed with the last of them.
/// </summary>
public interface ISessionGroup : IDisposable
{
    /// <summary>Loads a model into the group. See <see cref="IInferenceEngine.Load"/>.</summary>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings);
}
