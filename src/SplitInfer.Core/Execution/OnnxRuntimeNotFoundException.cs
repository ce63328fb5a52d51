namespace SplitInfer.Execution;

/// <summary>The ONNX Runtime library was not found or could not be loaded. The message lists what was tried and says what to install.</summary>
public sealed class OnnxRuntimeNotFoundException : SplitInferException
{
    internal OnnxRuntimeNotFoundException(IReadOnlyList<string> tried)
        : base($"""
            No usable ONNX Runtime library was found. Tried:
              {string.Join("\n  ", tried)}
            Install one of: the NuGet package Microsoft.ML.OnnxRuntime (or .Gpu, .DirectML) in the application; npm, and build SplitInfer again, which fetches the library; or any ONNX Runtime {OnnxRuntimeIncompatibleException.OldestVersion} or later, named by ExecutionOptions.LibraryPath or the environment variable SPLITINFER_ONNXRUNTIME.
            """) => Tried = tried;

    /// <summary>Each place that was tried, with what was wrong there.</summary>
    public IReadOnlyList<string> Tried { get; }
}
