namespace SplitInfer.Execution;

/// <summary>
/// What runs ONNX models. Planning, segments and tools do not know which engine it is: they see models as bytes, and sessions that run on
/// bound tensors. Thread-safe.
/// </summary>
public interface IInferenceEngine
{
    /// <summary>The release of the engine; for people.</summary>
    string Version { get; }

    /// <summary>Checks that the engine has the providers that options name, and takes what the application configures.</summary>
    /// <exception cref="UnknownExecutionProviderException">A provider is not known.</exception>
    /// <exception cref="EngineException">A provider cannot be used, or the engine refuses what the application configures.</exception>
    void Check(ExecutionOptions options);

    /// <summary>Loads a model from its bytes, which are not needed afterwards.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="options">How the session runs.</param>
    /// <param name="settings">What it shares with other sessions.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings);

    /// <summary>The model as the engine would run it, as an ONNX file that holds all its weights: optimised as <see cref="ExecutionOptions.Optimization"/> says, with inferred types.</summary>
    /// <param name="model">An ONNX file.</param>
    /// <param name="options">How it would be run.</param>
    /// <param name="externalDataFolder">The folder that external data is relative to; null where there is none.</param>
    /// <exception cref="EngineException">The engine refuses the model, or cannot write what it made of it.</exception>
    ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder);

    /// <summary>Starts a group of sessions that share what their kernels make of weights.</summary>
    ISessionGroup CreateGroup();
}
