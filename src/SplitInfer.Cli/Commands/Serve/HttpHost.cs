using Microsoft.AspNetCore.Routing;
using SplitInfer.AspNetCore;
using SplitInfer.Cli.Exporting;

namespace SplitInfer.Cli.Commands.Serve;

/// <summary>What <c>--http</c> answers beside the Open Inference Protocol.</summary>
internal static class HttpHost
{
    /// <summary>Maps it, once for each server that starts.</summary>
    /// <param name="endpoints">The application of the address, which has the server among its services.</param>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPrometheus().RequireSplitInferKey();
    }
}
