using Microsoft.AspNetCore.Http;
using SplitInfer.AspNetCore.Access;
using SplitInfer.Server;

namespace SplitInfer.Dashboard.Hosting;

/// <summary>What a page needs to know of where a request comes from.</summary>
internal static class RequestPlace
{
    /// <summary>What is wrong with showing the server to whoever sent it; null where nothing is.</summary>
    public static string? FaultOf(this SplitInferServer server, HttpContext context) =>
        server.FaultOf(context.Peer, context.IsLocal, context.Request.IsHttps, isKnown: false, context.Connection.ClientCertificate);
}
