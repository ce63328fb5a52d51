using Microsoft.Extensions.Hosting;
using SplitInfer.Fleet;
using SplitInfer.Server;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/fleet.md.</summary>
internal static class FleetPages
{
    public static void Coordinate(HostApplicationBuilder builder)
    {
        // snippet: a silo in a host
        builder.UseSplitInferFleet(fleet =>
        {
            fleet.Region = "eu-west";
            fleet.Redis = "127.0.0.1:6379";
        });
        // end of snippet
    }

    public static void Serve(HostApplicationBuilder builder)
    {
        // snippet: a server of a fleet
        builder.Services.AddFleetCoordination(fleet => fleet.Coordinator = new("redis://127.0.0.1:6379/eu-west"));
        builder.Services.AddSplitInferServer(options => options.ModelsDirectory = "models");
        // end of snippet
    }
}
