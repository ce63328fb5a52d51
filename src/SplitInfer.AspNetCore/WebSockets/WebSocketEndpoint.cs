using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Access;
using SplitInfer.AspNetCore.Endpoints;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Where clients of an application's server connect through the HTTP server of the application.</summary>
internal static class WebSocketEndpoint
{
    /// <summary>Serves a client from its request to the end of its connection, or says why not.</summary>
    public static Task ServeAsync(HttpContext context)
    {
        var server = context.Server;
        if (!server.TakesRequests) return WebSocketUpgrade.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is starting or stopping. Try again later.");
        if (server.FaultOf(context.Peer, context.IsLocal, context.Request.IsHttps, context.IsAuthenticated, context.Connection.ClientCertificate) is { } fault)
            return WebSocketUpgrade.RefuseAsync(context, StatusCodes.Status403Forbidden, $"The server would be used from another machine {fault}. Use wss:// and let the server know its clients, or let it allow what is insecure.");
        return WebSocketUpgrade.ServeAsync(context, server.ServeAsync);
    }
}
