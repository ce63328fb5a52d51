using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Sessions with one container for weights that kernels have converted for their own use. Each session adds a reference to the container, since native code reads it until the session is gone.</summary>
internal sealed class SessionGroup : ISessionGroup
{
    private readonly PrePackedWeightsContainer _container = new();

    /// <inheritdoc/>
    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => OnnxRuntimeSession.Create(model, options, settings, _container);

    /// <inheritdoc/>
    public void Dispose() => _container.Dispose();
}
