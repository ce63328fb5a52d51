using System.Net.Sockets;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>Tells connections that the other end has closed from those that the network has lost.</summary>
internal static class PeerClosing
{
    /// <summary>
    /// Whether the other end has closed the connection. Who closes without having read everything resets it, so whether that is an end of the stream, a
    /// reset or a pipe that is broken depends on what was on its way.
    /// </summary>
    public static bool IsReasonOf(Exception failure) => failure switch
    {
        EndOfStreamException or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => true,
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown } => true,
        { InnerException: { } inner } => IsReasonOf(inner),
        _ => false,
    };
}
