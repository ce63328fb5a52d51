namespace SplitInfer.Client.Transport;

/// <summary>No connection to the server could be made, or it was lost before the reply was whole.</summary>
public sealed class ServerUnreachableException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    public ServerUnreachableException(string message, Exception? inner = null) : base(message, inner) { }
}
