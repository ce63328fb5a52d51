namespace SplitInfer.Tensors;

/// <summary>A given tensor does not fit the model, or what is asked of it: its name, element type or shape is wrong.</summary>
public sealed class TensorMismatchException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">Which tensor, what the model takes, and what to do.</param>
    public TensorMismatchException(string message) : base(message) { }
}
