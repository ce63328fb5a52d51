using System.Net.Security;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Server.Connections;

/// <summary>An HTTP server by which a <see cref="FrameServer"/> listens for WebSockets.</summary>
internal interface IWebSocketHost
{
    /// <summary>Starts to listen.</summary>
    /// <exception cref="EndpointException">The address is taken or cannot be listened at.</exception>
    Task<IWebSocketListener> ListenAsync(WebSocketTerms terms, CancellationToken cancellationToken);
}

/// <summary>Listens for WebSockets until it is disposed of.</summary>
internal interface IWebSocketListener : IAsyncDisposable
{
    /// <summary>The address that clients use, with the port that was bound.</summary>
    Uri Address { get; }

    /// <summary>Takes no new connections from now on; those that there are go on.</summary>
    void StopListening();
}

/// <summary>What a WebSocket listener needs of the server. Immutable.</summary>
/// <param name="Address">Where to listen, with the path that clients ask for.</param>
/// <param name="Tls">How to shake hands with the next client, who is named by the peer; null without TLS.</param>
/// <param name="MaxPending">Connections at a time that have not become a WebSocket yet.</param>
/// <param name="PendingTimeout">How long a connection may take to become one.</param>
/// <param name="FaultOfForwarded">What is wrong with serving a client that a proxy sends; null where nothing is.</param>
/// <param name="ServeAsync">Serves a client, and takes the channel over; done when the connection is closed.</param>
internal sealed record WebSocketTerms(
    Uri Address, Func<PeerAddress, SslServerAuthenticationOptions>? Tls, int MaxPending, TimeSpan PendingTimeout, Func<PeerAddress, string?> FaultOfForwarded, Func<ByteChannel, Task> ServeAsync);
