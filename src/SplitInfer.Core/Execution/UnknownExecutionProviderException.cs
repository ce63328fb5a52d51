namespace SplitInfer.Execution;

/// <summary>The ONNX Runtime library in use does not have an execution provider that was asked for.</summary>
public sealed class UnknownExecutionProviderException : SplitInferException
{
    internal UnknownExecutionProviderException(string provider, IReadOnlyList<string> available, string library)
        : base($"ONNX Runtime at {library} has no execution provider '{provider}'. It has: {string.Join(", ", available)}. Choose one of these, or supply a library that has it (ExecutionOptions.LibraryPath).") =>
        (Provider, Available) = (provider, available);

    /// <summary>The name that was asked for.</summary>
    public string Provider { get; }

    /// <summary>The names that the library knows.</summary>
    public IReadOnlyList<string> Available { get; }
}
