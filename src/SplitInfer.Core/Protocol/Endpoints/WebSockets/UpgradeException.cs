using System.Net;

namespace SplitInfer.Protocol.Endpoints.WebSockets;

/// <summary>What answers at the address does not make a WebSocket of the connection; the message says what to do.</summary>
internal sealed class UpgradeException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whoever answers is an HTTP server.</summary>
    /// <param name="status">Its answer.</param>
    /// <param name="location">Where it sends clients to instead; null where it does not.</param>
    /// <param name="path">What was asked for.</param>
    /// <param name="inner">What it came as.</param>
    public static UpgradeException Of(HttpStatusCode status, string? location, string path, Exception inner) =>
        new($"an HTTP server answers {(int)status} ({status}). {Advice(status, location, path)}", inner);

    private static string Advice(HttpStatusCode status, string? location, string path) => status switch
    {
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
            $"It refers to {(location is null ? "another address" : PeerText.Clean(location))}, which is not followed: use that address, with ws:// for http:// and wss:// for https://.",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.ProxyAuthenticationRequired =>
            "Either it wants a login of its own, which SplitInfer clients do not have: let it pass their WebSockets on; or the SplitInfer server takes no clients of other machines without TLS and keys, and its log says so.",
        HttpStatusCode.NotFound => $"There is nothing at {PeerText.Clean(path)}: use the path that the server was given by --listen ws://HOST:PORT/PATH or MapSplitInferWebSocket.",
        HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout => "It is a proxy that does not reach the server behind it; see whether that runs, and what the proxy's log says.",
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests => "The server behind it takes no clients at present, as while it starts or stops; try again later.",
        _ => $"Check that {PeerText.Clean(path)} is the path of a SplitInfer server, and that every proxy before it passes WebSockets on (the headers Upgrade and Connection).",
    };
}
