using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Server;

namespace SplitInfer.AspNetCore.Endpoints;

/// <summary>What the server is, and whether it lives and takes requests.</summary>
internal static class ServerEndpoints
{
    // Without the hash of the commit, which is of no use to who may read this.
    private static readonly ServerDocument Description = new("splitinfer",
        typeof(SplitInferServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "", ["model_repository"]);

    /// <summary>Adds the endpoints below <c>/v2</c>.</summary>
    public static void Map(RouteGroupBuilder root)
    {
        root.MapGet("", static context => context.WriteAsync(Description, OpenInferenceJson.Default.ServerDocument));
        root.MapGet("/health/live", static context => context.WriteAsync(new(true), OpenInferenceJson.Default.LiveDocument));
        root.MapGet("/health/ready", static context =>
        {
            var isReady = context.Server.IsReady;
            return context.WriteAsync(new(isReady), OpenInferenceJson.Default.ReadyDocument, Readiness.StatusOf(isReady));
        });
    }
}
