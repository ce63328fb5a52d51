using Microsoft.AspNetCore.Builder;
using SplitInfer.Dashboard;
using SplitInfer.Server;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/dashboard.md.</summary>
internal static class DashboardPages
{
    public static void Map(WebApplicationBuilder builder)
    {
        // snippet: a dashboard
        builder.Services.AddSplitInferServer(options => options.ModelsDirectory = "models");
        builder.Services.AddSplitInferDashboard();
        var app = builder.Build();
        app.MapSplitInferDashboard();
        // end of snippet
    }

    public static void MapGroup(WebApplication app)
    {
        // snippet: a dashboard in a group
        app.MapGroup("/watch").MapSplitInferDashboard().RequireAuthorization();
        // end of snippet
    }

    public static async Task WatchAsync(SplitInferServer server, CancellationToken stop)
    {
        // snippet: watching in code
        using var watch = server.Watch(capacity: 4096);
        await foreach (var request in watch.Requests.ReadAllAsync(stop))
            Console.WriteLine($"client {request.Client}: cut {request.Partition}, ran {request.Run.TotalMilliseconds:F1} ms, waited {request.Queue.TotalMilliseconds:F1} ms");
        // end of snippet
    }
}
