namespace SplitInfer.Execution;

/// <summary>The application's ONNX Runtime does not have a requested execution provider.</summary>
public sealed class UnknownExecutionProviderException : SplitInferException
{
    internal UnknownExecutionProviderException(string provider, IReadOnlyList<string> available)
        : base($"ONNX Runtime has no execution provider '{provider}' in this application. It has: {string.Join(", ", available)}. Choose one of these, reference the package that has it (such as Microsoft.ML.OnnxRuntime.Gpu) and leave the CPU's out (Microsoft.ML.OnnxRuntime with ExcludeAssets=\"all\"), or register its library with OrtEnv.RegisterExecutionProviderLibrary.") =>
        (Provider, Available) = (provider, available);

    /// <summary>The requested name.</summary>
    public string Provider { get; }

    /// <summary>The available names.</summary>
    public IReadOnlyList<string> Available { get; }
}
