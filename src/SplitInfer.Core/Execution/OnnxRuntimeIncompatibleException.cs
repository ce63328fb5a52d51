using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Execution;

/// <summary>A library was found, but it cannot be used: it is not ONNX Runtime, it is too old, or the process already uses another one.</summary>
public sealed class OnnxRuntimeIncompatibleException : SplitInferException
{
    /// <summary>The oldest version of ONNX Runtime that works.</summary>
    public static string OldestVersion { get; } = $"1.{OrtApi.OldestVersion}";

    internal OnnxRuntimeIncompatibleException(string message) : base(message) { }
}
