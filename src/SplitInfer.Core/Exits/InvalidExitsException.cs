namespace SplitInfer.Exits;

/// <summary>Exits cannot be used: their file is damaged, holds none, or they are of another model. The message has the reason and a remedy.</summary>
public sealed class InvalidExitsException : SplitInferException
{
    internal InvalidExitsException(string message, Exception? inner = null) : base(message, inner) { }
}
