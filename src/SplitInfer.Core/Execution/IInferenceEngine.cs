namespace SplitInfer.Execution;

/// <summary>
/// Runs ONNX models. Planning, segments and tools do not depend on a particular engine: they use models as bytes, and sessions. Thread-safe.
/// </summary>
public interface IInferenceEngine
{
    /// <summary>The release of the engine, for display.</summary>
    string Version { get; }

    /// <summary>Checks that the engine has the providers that the options name, and accepts the application's configuration.</summary>
    /// <exception cref="UnknownExecutionProviderException">A provider is unknown.</exception>
    /// <exception cref="EngineException">A provider cannot be used, or the engine refuses the application's configuration.</exception>
    void Check(ExecutionOptions options);

    /// <summary>Loads a model from its bytes, which are not needed afterwards.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="options">How the session runs.</param>
    /// <param name="settings">What it shares with other sessions.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings);

    /// <summary>The model as the engine would run it: an ONNX file that contains all weights, optimised according to <see cref="ExecutionOptions.Optimization"/>, with inferred types.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="options">How the model would be run.</param>
    /// <param name="externalDataFolder">The folder that external data is relative to; null if there is none.</param>
    /// <exception cref="EngineException">The engine refuses the model, or cannot write the optimised model.</exception>
    ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder);

    /// <summary>Creates a group of sessions whose kernels share weights that they have converted for their own use.</summary>
    ISessionGroup CreateGroup();
}
