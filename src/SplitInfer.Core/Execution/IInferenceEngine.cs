namespace SplitInfer.Execution;

/// <summary>
/// What runs ONNX models. Nothing else in SplitInfer knows which engine it is: planning, segments and tools see models as bytes, and
/// sessions that run on bound tensors. Thread-safe.
/// </summary>
internal interface IInferenceEngine
{
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

    /// <summary>Makes a place where sessions share weights that their kernels lay out anew.</summary>
    ISharedLayouts CreateSharedLayouts();
}
