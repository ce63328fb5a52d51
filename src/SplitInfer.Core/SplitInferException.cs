namespace SplitInfer;

/// <summary>The root of every error that SplitInfer raises on purpose. The message says what was wrong and what to do next.</summary>
public abstract class SplitInferException : Exception
{
    /// <summary>Creates the error.</summary>
    protected SplitInferException(string message, Exception? inner = null) : base(message, inner) { }
}
