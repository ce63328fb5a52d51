using SplitInfer.Protocol.Endpoints.Tls;

namespace SplitInfer.Client.Transport;

/// <summary>No connection to the server could be made, or it was lost before the reply was whole.</summary>
public sealed class ServerUnreachableException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    public ServerUnreachableException(string message, Exception? inner = null) : base(message, inner) { }

    /// <summary>
    /// Whether the two ends could not agree on a secure connection: a certificate has expired, is not trusted or has another name, one end shows none, or
    /// only one of them speaks TLS. Trying again does not help until someone mends that; the message says what.
    /// </summary>
    public bool IsTlsFailure => InnerException is TlsException or ServerUnreachableException { IsTlsFailure: true };

    /// <summary>Whether the same request may be sent over another connection: this one was lost, and nothing of the reply has come.</summary>
    internal bool MayBeRepeated { get; set; }

    /// <summary>Whether what answers had closed the connection before it said anything.</summary>
    internal bool NeverBegan { get; init; }

    /// <summary>Whether the server was given up because it said nothing, rather than because the connection ended.</summary>
    internal bool IsSilence => InnerException is TimeoutException;
}
