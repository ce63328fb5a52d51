namespace SplitInfer.Protocol.Endpoints;

/// <summary>A file with certificates or keys cannot be used; the message names it.</summary>
public sealed class SecurityFileException : SplitInferException
{
    internal SecurityFileException(string message, Exception? inner = null) : base(message, inner) { }
}
