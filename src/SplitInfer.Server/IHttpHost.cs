using System.Net.Security;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Server;

/// <summary>Listens for a server at <c>http://</c> and <c>https://</c> addresses.</summary>
internal interface IHttpHost
{
    /// <summary>Starts to listen.</summary>
    /// <exception cref="EndpointException">The address is taken or cannot be listened at.</exception>
    Task<IHttpListener> ListenAsync(HttpTerms terms, CancellationToken cancellationToken);
}

/// <summary>Answers HTTP until it is stopped or disposed of.</summary>
internal interface IHttpListener : IAsyncDisposable
{
    /// <summary>The address that clients use, with the port that was bound.</summary>
    Uri Address { get; }

    /// <summary>Takes no more connections, and lets the requests under way end until the token fires.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}

/// <summary>What an HTTP listener needs of the server. Immutable.</summary>
/// <param name="Server">The server that it shows.</param>
/// <param name="Address">Where to listen.</param>
/// <param name="IsGrpc">Whether the address is of gRPC alone.</param>
/// <param name="Tls">How to shake hands with the next client, who is named by the peer; null without TLS.</param>
/// <param name="Limits">What clients may take.</param>
internal sealed record HttpTerms(SplitInferServer Server, Uri Address, bool IsGrpc, Func<PeerAddress, SslServerAuthenticationOptions>? Tls, ServerLimits Limits);
