namespace SplitInfer.Protocol;

/// <summary>The other end does not speak the protocol, or what it sent was damaged on the way.</summary>
public sealed class ProtocolException : SplitInferException
{
    internal ProtocolException(string message, Exception? inner = null) : base(message, inner) { }
}
