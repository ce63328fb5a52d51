using System.Diagnostics;
using System.Diagnostics.Metrics;
using SplitInfer.Telemetry;

namespace SplitInfer.Server.Telemetry;

/// <summary>The source of spans and the instruments, which all servers of the process share.</summary>
internal static class ServerInstruments
{
    private static readonly string? Version = typeof(ServerInstruments).Assembly.GetName().Version?.ToString(3);

    public static ActivitySource Source { get; } = new(SplitInferServerTelemetry.ActivitySourceName, Version);

    public static Meter Meter { get; } = new(SplitInferServerTelemetry.MeterName, Version);

    public static Counter<long> Requests { get; } = Meter.CreateCounter<long>(ServerMetricNames.Requests, "{request}", "Requests that ended.");

    public static Counter<long> Answers { get; } = Meter.CreateCounter<long>(ServerMetricNames.Answers, "{request}", "Requests that allowed exits and have outputs, by the exit that answered.");

    public static Histogram<double> RequestDuration { get; } = Meter.CreateDuration(ServerMetricNames.RequestDuration, "Time from the first frame of a request until its reply was handed to the network.");

    public static Histogram<double> StageDuration { get; } = Meter.CreateDuration(ServerMetricNames.StageDuration, "Time of each stage of the requests with outputs.");

    public static Histogram<long> BatchSize { get; } = Meter.CreateHistogram(
        ServerMetricNames.BatchSize, "{request}", "Requests that ran together with each request with outputs, itself included.", tags: null, new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });

    public static Counter<long> BytesReceived { get; } = Meter.CreateCounter<long>(ServerMetricNames.BytesReceived, "By", "Payload bytes of the requests with outputs.");

    public static Counter<long> BytesSent { get; } = Meter.CreateCounter<long>(ServerMetricNames.BytesSent, "By", "Payload bytes of their replies.");

    /// <summary>Whether anybody wants to know how requests end.</summary>
    public static bool AreRequestsCounted => Requests.Enabled || Answers.Enabled || RequestDuration.Enabled || StageDuration.Enabled || BatchSize.Enabled || BytesReceived.Enabled || BytesSent.Enabled;
}
