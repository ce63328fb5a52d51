using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Makes a channel of a request for a WebSocket.</summary>
internal static class WebSocketUpgrade
{
    // Proxies close connections over which nothing passes, often after a minute; and behind one, only an answer tells that the client is still there.
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(30);

    private static readonly FrozenSet<string> ProxyHeaders = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "Forwarded", "Via", "X-Real-IP");

    /// <summary>Serves a client over a WebSocket, from its request to the end of the connection, or says why not.</summary>
    /// <param name="context">The request, behind the middleware of WebSockets.</param>
    /// <param name="serve">Serves a channel, and takes it over.</param>
    public static async Task ServeAsync(HttpContext context, Func<ByteChannel, Task> serve)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await RefuseAsync(context, StatusCodes.Status426UpgradeRequired, "This is an address for SplitInfer clients, which connect by WebSockets. Name it to them as ws:// or wss://; a proxy between must pass WebSockets on.").ConfigureAwait(false);
            return;
        }

        // A server at the loopback interface asks nobody for a key, and any page in a browser on this machine could reach it.
        if (context.Request.Headers.Origin.Count > 0)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Web pages cannot connect to this server. Connect from an application.").ConfigureAwait(false);
            return;
        }

        // The server itself gives up clients that do not take their replies.
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        var accept = new WebSocketAcceptContext { KeepAliveInterval = KeepAliveInterval, KeepAliveTimeout = KeepAliveTimeout };
        var channel = new WebSocketChannel(await context.WebSockets.AcceptWebSocketAsync(accept).ConfigureAwait(false), context.Peer, context.Features.Get<MeteredUpgrade>()?.Overhead);
        await serve(channel).ConfigureAwait(false);
        channel.Dispose();
        // The connection ends with the request.
        await channel.Closed.ConfigureAwait(false);
    }

    /// <summary>Says why there is no WebSocket. The connection is of no further use.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.Headers.Connection = "close";
        return context.WriteErrorAsync(status, message);
    }

    extension(HttpContext context)
    {
        /// <summary>Who sent the request, as far as the HTTP server knows.</summary>
        public PeerAddress Peer => context.Connection.RemoteIpAddress is { } address ? PeerAddress.Of(new IPEndPoint(address, context.Connection.RemotePort)) : PeerAddress.Local;

        /// <summary>Whether the request was sent on this machine. One without an address, as of a Unix socket, may be anyone's: proxies use those as well.</summary>
        public bool IsLocal => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !context.IsForwarded;

        /// <summary>Whether a proxy says that it sends the request for someone else. Middleware that takes up what a proxy says leaves it under other names.</summary>
        public bool IsForwarded => context.Request.Headers.Keys.Any(static name =>
            ProxyHeaders.Contains(name) || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Original-", StringComparison.OrdinalIgnoreCase));

        /// <summary>Whether the application has made sure who sent the request.</summary>
        public bool IsAuthenticated => context.User.Identity?.IsAuthenticated == true;
    }
}
