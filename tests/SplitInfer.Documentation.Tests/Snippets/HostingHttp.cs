using Microsoft.AspNetCore.Builder;
using SplitInfer.AspNetCore;
using SplitInfer.Server;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/hosting.md: what a server shows over HTTP.</summary>
internal static class HostingHttp
{
    public static void Map(WebApplication app)
    {
        // snippet: over HTTP
        app.MapSplitInfer();
        // end of snippet
    }

    public static void MapGroup(WebApplication app)
    {
        // snippet: over HTTP in a group
        app.MapGroup("/inference").MapSplitInfer().RequireAuthorization();  // /inference/v2/…
        // end of snippet
    }

    public static void AddGrpc(WebApplicationBuilder builder)
    {
        // snippet: services of gRPC
        builder.Services.AddSplitInferGrpc();
        // end of snippet
    }

    public static void MapGrpc(WebApplication app)
    {
        // snippet: over gRPC
        app.MapSplitInferGrpc();
        // end of snippet
    }

    public static void ListenForHttp(WebApplicationBuilder builder)
    {
        // snippet: over HTTP and gRPC at addresses of their own
        builder.Services.AddSplitInferServer(options =>
        {
            options.ModelsDirectory = "/models";
            options.Http = new Uri("http://127.0.0.1:8080");
            options.Grpc = new Uri("http://127.0.0.1:8081");
            options.UseKestrel();
        });
        // end of snippet
    }

    public static void MapWebSocket(WebApplication app)
    {
        // snippet: over WebSockets
        app.MapSplitInferWebSocket("/infer");
        // end of snippet
    }

    public static void Listen(WebApplicationBuilder builder)
    {
        // snippet: over WebSockets at addresses of their own
        builder.Services.AddSplitInferServer(options =>
        {
            options.ModelsDirectory = "/models";
            options.Listen.Add(new Uri("ws://127.0.0.1:8080/infer"));
            options.UseKestrel();
        });
        // end of snippet
    }
}
