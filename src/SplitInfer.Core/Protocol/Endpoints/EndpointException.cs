namespace SplitInfer.Protocol.Endpoints;

/// <summary>An address is not one that can be used: its form is wrong, its scheme is not supported, or it cannot be listened at.</summary>
public sealed class EndpointException : SplitInferException
{
    internal EndpointException(string message, Exception? inner = null) : base(message, inner) { }
}
