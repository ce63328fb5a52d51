using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SplitInfer.AspNetCore;
using SplitInfer.Cli.Exporting;
using SplitInfer.Dashboard;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>What <c>--http</c> answers beside the Open Inference Protocol.</summary>
internal static class HttpHost
{
    /// <summary>Maps it, once for each server that starts.</summary>
    /// <param name="endpoints">The application of the address, which has the server among its services.</param>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPrometheus().RequireSplitInferKey();
        endpoints.MapSplitInferDashboard();
    }

    /// <summary>Adds what that needs.</summary>
    /// <param name="services">The services of the application.</param>
    public static void AddServices(IServiceCollection services)
    {
        services.AddSplitInferDashboard();
        // A page lives no longer than its server, so that no key of its need be written to a disk, which a container may not have.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
    }
}
