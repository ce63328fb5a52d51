using SplitInfer.AspNetCore.WebSockets;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore;

/// <summary>Lets a server listen for WebSockets.</summary>
public static class SplitInferServerWebSocketExtensions
{
    /// <summary>
    /// Lets <see cref="SplitInferServerOptions.Listen"/> have <c>ws://HOST:PORT/PATH</c> and <c>wss://HOST:PORT/PATH</c>, at which a Kestrel of the server's own
    /// listens for clients that come through proxies and ingresses. What holds for <c>tcp://</c> and <c>tls://</c> holds for them: certificates, keys, limits,
    /// and what <see cref="ServerSecurityOptions"/> demands where other machines reach the server. An application that listens already uses
    /// <see cref="SplitInferEndpointRouteBuilderExtensions.MapSplitInferWebSocket"/> instead.
    /// </summary>
    /// <param name="options">The server's options.</param>
    /// <returns>The same options.</returns>
    public static SplitInferServerOptions UseKestrel(this SplitInferServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.WebSockets = new KestrelHost();
        return options;
    }
}
