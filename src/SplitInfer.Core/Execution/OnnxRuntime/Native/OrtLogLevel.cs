namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>The least severe message that ONNX Runtime prints on standard error.</summary>
internal enum OrtLogLevel
{
    Error = 3,
    Fatal = 4,
}
