using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.Endpoints;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Makes a channel of a request for a WebSocket.</summary>
internal static class WebSocketUpgrade
{
    // Proxies close connections over which nothing passes, often after a minute; and behind one, only an answer tells that the client is still there.
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(30);

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

        if (context.IsOfPage)
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
}
