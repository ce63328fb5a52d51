using System.Diagnostics;
using System.Diagnostics.Metrics;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>The source of spans and the instruments, which all clients of the process share.</summary>
internal static class ClientInstruments
{
    private static readonly string? Version = typeof(ClientInstruments).Assembly.GetName().Version?.ToString(3);

    public static ActivitySource Source { get; } = new(SplitInferClientTelemetry.ActivitySourceName, Version);

    public static Meter Meter { get; } = new(SplitInferClientTelemetry.MeterName, Version);

    public static Counter<long> Requests { get; } = Meter.CreateCounter<long>(ClientMetricNames.Requests, "{request}", "Requests that ended.");

    public static Counter<long> Answers { get; } = Meter.CreateCounter<long>(ClientMetricNames.Answers, "{request}", "Requests of a model with exits that have a result, by the exit that answered.");

    public static Histogram<double> RequestDuration { get; } = Meter.CreateDuration(ClientMetricNames.RequestDuration, "Time from the call to the result or the error.");

    public static Histogram<double> StageDuration { get; } = Meter.CreateDuration(ClientMetricNames.StageDuration, "Time of each stage of the requests that have a result.");

    public static Counter<long> BytesSent { get; } = Meter.CreateCounter<long>(ClientMetricNames.BytesSent, "By", "Payload bytes that were sent.");

    public static Counter<long> BytesRaw { get; } = Meter.CreateCounter<long>(ClientMetricNames.BytesRaw, "By", "Bytes of the same boundaries before they were encoded.");

    public static Counter<long> Races { get; } = Meter.CreateCounter<long>(ClientMetricNames.Races, "{race}", "Requests whose tail ran on the device and on a server.");

    public static Counter<long> LateReplies { get; } = Meter.CreateCounter<long>(ClientMetricNames.LateReplies, "{reply}", "Replies that were waited for after the caller had its result.");

    public static Counter<long> ServerFailures { get; } = Meter.CreateCounter<long>(ClientMetricNames.ServerFailures, "{failure}", "What servers failed with.");

    /// <summary>Whether anybody wants to know how requests end.</summary>
    public static bool AreRequestsCounted => Requests.Enabled || Answers.Enabled || RequestDuration.Enabled || StageDuration.Enabled || BytesSent.Enabled || BytesRaw.Enabled || Races.Enabled;
}
