namespace SplitInfer.Tensors;

/// <summary>A tensor that was given is not one that the model takes: wrong name, element type or shape.</summary>
public sealed class TensorMismatchException : SplitInferException
{
    internal TensorMismatchException(string message) : base(message) { }
}
