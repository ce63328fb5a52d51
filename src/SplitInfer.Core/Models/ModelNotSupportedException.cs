namespace SplitInfer.Models;

/// <summary>A model is valid ONNX, but has inputs or outputs that SplitInfer does not support, such as a sequence as input.</summary>
public sealed class ModelNotSupportedException : SplitInferException
{
    internal ModelNotSupportedException(string message, Exception? inner = null) : base(message, inner) { }
}
