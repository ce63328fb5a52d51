using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using SplitInfer.Client.Telemetry;

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
}
