namespace SplitInfer.Server.Models;

/// <summary>The server's model directory cannot be served as it is.</summary>
public sealed class ModelRepositoryException : SplitInferException
{
    internal ModelRepositoryException(string message, Exception? inner = null) : base(message, inner) { }
}
