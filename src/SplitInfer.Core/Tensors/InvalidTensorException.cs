namespace SplitInfer.Tensors;

/// <summary>Bytes that should hold a tensor do not: they are truncated, malformed, or of a kind that is not read.</summary>
public sealed class InvalidTensorException : SplitInferException
{
    internal InvalidTensorException(string message, Exception? inner = null) : base(message, inner) { }
}
