using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using SplitInfer.Client.Telemetry;
using SplitInfer.Server.Telemetry;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What may listen to a client and a server: OpenTelemetry as <c>--otlp</c> sets it up, with exporters that throw away what they are given.</summary>
/// <param name="name">What the benchmark calls it.</param>
/// <param name="hasMetrics">Whether it collects metrics.</param>
/// <param name="traceRatio">Part of the requests that it traces; null where it traces none.</param>
internal sealed class TelemetryListener(string name, bool hasMetrics, double? traceRatio)
{
    /// <summary>All that are compared; nobody comes first.</summary>
    public static IReadOnlyList<TelemetryListener> All { get; } = [new("nobody", false, null), new("metrics", true, null), new("traces1", false, 0.01), new("traces100", false, 1)];

    public string Name => name;

    /// <summary>Listens until what is returned is disposed.</summary>
    public IDisposable? Start()
    {
        if (hasMetrics)
        {
            return Sdk.CreateMeterProviderBuilder().AddMeter(SplitInferClientTelemetry.MeterName, SplitInferServerTelemetry.MeterName)
                .AddReader(new BaseExportingMetricReader(new Sink<Metric>())).Build();
        }

        return traceRatio is { } ratio
            ? Sdk.CreateTracerProviderBuilder().AddSource(SplitInferClientTelemetry.ActivitySourceName, SplitInferServerTelemetry.ActivitySourceName)
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio))).AddProcessor(new BatchActivityExportProcessor(new Sink<Activity>())).Build()
            : null;
    }

    private sealed class Sink<T> : BaseExporter<T> where T : class
    {
        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var _ in batch) { }
            return ExportResult.Success;
        }
    }
}
