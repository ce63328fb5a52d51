namespace SplitInfer.Models;

/// <summary>A model is valid ONNX, but takes or yields something that SplitInfer does not pass, such as a sequence.</summary>
public sealed class ModelNotSupportedException : SplitInferException
{
    internal ModelNotSupportedException(string message, Exception? inner = null) : base(message, inner) { }
}
