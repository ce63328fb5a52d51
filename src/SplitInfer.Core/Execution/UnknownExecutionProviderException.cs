namespace SplitInfer.Execution;

/// <summary>ONNX Runtime, as the application carries it, does not have an execution provider that was asked for.</summary>
public sealed class UnknownExecutionProviderException : SplitInferException
{
    internal UnknownExecutionProviderException(string provider, IReadOnlyList<string> available)
        : base($"ONNX Runtime has no execution provider '{provider}' in this application. It has: {string.Join(", ", available)}. Choose one of these, reference the package that has it (such as Microsoft.ML.OnnxRuntime.Gpu) and leave the CPU's out (Microsoft.ML.OnnxRuntime with ExcludeAssets=\"all\"), or register its library with OrtEnv.RegisterExecutionProviderLibrary.") =>
        (Provider, Available) = (provider, available);

    /// <summary>The name that was asked for.</summary>
    public string Provider { get; }

    /// <summary>The names that are known.</summary>
    public IReadOnlyList<string> Available { get; }
}
