namespace SplitInfer.Tensors;

/// <summary>A tensor that was given is not one that the model takes: wrong name, element type or shape.</summary>
public sealed class TensorMismatchException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">Which tensor, what the model takes, and what to do.</param>
    public TensorMismatchException(string message) : base(message) { }
}
