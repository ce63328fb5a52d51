using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using SplitInfer.Client.Telemetry;
using SplitInfer.Server.Telemetry;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/telemetry.md.</summary>
internal static class Telemetry
{
    public static void Export(WebApplicationBuilder builder)
    {
        // snippet: telemetry
        builder.Services.AddOpenTelemetry()
            .WithMetrics(static metrics => metrics.AddMeter(SplitInferClientTelemetry.MeterName))
            .WithTracing(static tracing => tracing.AddSource(SplitInferClientTelemetry.ActivitySourceName))
            .UseOtlpExporter();
        // end of snippet
    }

    public static void Collect(WebApplicationBuilder builder)
    {
        // snippet: metrics for Prometheus
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter(SplitInferServerTelemetry.MeterName).AddPrometheusExporter());
        // end of snippet
    }

    public static void Show(WebApplication app)
    {
        // snippet: the route that Prometheus asks
        app.MapPrometheusScrapingEndpoint();  // GET /metrics
        // end of snippet
    }
}
