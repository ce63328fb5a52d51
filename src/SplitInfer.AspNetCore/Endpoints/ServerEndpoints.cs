using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SplitInfer.AspNetCore.OpenInference;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>What the server is, and whether it lives and is ready.</summary>
internal static class ServerEndpoints
{
    /// <summary>Adds the endpoints below <c>/v2</c>.</summary>
    public static void Map(RouteGroupBuilder root)
    {
        root.MapGet("", Guard.Known(static context => context.WriteAsync(ServerDocument.Description, OpenInferenceJson.Default.ServerDocument)));
        root.MapGet("/health/live", static context => context.WriteAsync(new(true), OpenInferenceJson.Default.LiveDocument));
        root.MapGet("/health/ready", static async context =>
        {
            var isReady = await context.Server.IsReadyAsync(context.RequestAborted).ConfigureAwait(false);
            await context.WriteAsync(new(isReady), OpenInferenceJson.Default.ReadyDocument, Readiness.StatusOf(isReady)).ConfigureAwait(false);
        });
    }
}
