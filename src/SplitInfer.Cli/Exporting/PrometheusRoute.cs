using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace SplitInfer.Cli.Exporting;

/// <summary>Shows the metrics of this process to Prometheus, which asks for them.</summary>
internal static class PrometheusRoute
{
    /// <summary>The path that Prometheus asks for unless it is told otherwise.</summary>
    public const string Path = "/metrics";

    /// <summary>Maps <see cref="Path"/>, for as long as the application runs.</summary>
    public static IEndpointConventionBuilder MapPrometheus(this IEndpointRouteBuilder endpoints)
    {
        var metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(static resource => resource.AddProcess(ExportedSources.ServerService)).AddMeter(ExportedSources.Meters).AddPrometheusExporter().Build();
        endpoints.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(metrics.Dispose);
        return endpoints.MapPrometheusScrapingEndpoint(Path, metrics, configureBranchedPipeline: null, optionsName: null);
    }
}
