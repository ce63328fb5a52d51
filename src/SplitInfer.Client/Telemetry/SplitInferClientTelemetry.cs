using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>
/// The names under which clients tell what they do, for OpenTelemetry and other listeners: <c>tracing.AddSource(SplitInferClientTelemetry.ActivitySourceName)</c>,
/// <c>metrics.AddMeter(SplitInferClientTelemetry.MeterName)</c>. Where nobody listens nothing is recorded. Durations are in seconds, sizes in bytes. Names are stable.
/// </summary>
public static class SplitInferClientTelemetry
{
    /// <summary>Name of the <see cref="System.Diagnostics.ActivitySource"/>.</summary>
    public const string ActivitySourceName = "SplitInfer.Client";

    /// <summary>Name of the <see cref="System.Diagnostics.Metrics.Meter"/>.</summary>
    public const string MeterName = "SplitInfer.Client";
}

/// <summary>The metrics of clients.</summary>
public static class ClientMetricNames
{
    /// <summary>Counter, <c>{request}</c>: requests that ended, with and without a result.</summary>
    public const string Requests = "splitinfer.client.requests";

    /// <summary>Counter, <c>{request}</c>: requests of a model with exits, on the device or the server, that have a result, by the exit that answered (<see cref="TelemetryTags.Exit"/>); 0 is the model itself.</summary>
    public const string Answers = "splitinfer.client.answers";

    /// <summary>Histogram, s: time from the call to the result or the error.</summary>
    public const string RequestDuration = "splitinfer.client.request.duration";

    /// <summary>Histogram, s: time of each stage of the requests that have a result (<see cref="TelemetryTags.Stage"/>).</summary>
    public const string StageDuration = "splitinfer.client.stage.duration";

    /// <summary>Counter, By: payload bytes that were sent.</summary>
    public const string BytesSent = "splitinfer.client.payload.sent";

    /// <summary>Counter, By: bytes of the same boundaries before they were encoded.</summary>
    public const string BytesRaw = "splitinfer.client.boundary.size";

    /// <summary>Counter, <c>{race}</c>: requests whose tail ran on the device and on a server.</summary>
    public const string Races = "splitinfer.client.races";

    /// <summary>Counter, <c>{reply}</c>: replies that were waited for after the caller had its result.</summary>
    public const string LateReplies = "splitinfer.client.late_replies";

    /// <summary>Counter, <c>{failure}</c>: what servers failed with, whether the device made up for it or not.</summary>
    public const string ServerFailures = "splitinfer.client.server.failures";

    /// <summary>Gauge, 1 or 0: whether requests may use the server now.</summary>
    public const string ServerUsable = "splitinfer.client.server.usable";

    /// <summary>Gauge, s: the policy's estimate of what a request takes on the way, however little it sends.</summary>
    public const string LinkRoundTrip = "splitinfer.client.link.round_trip";

    /// <summary>Gauge, bit/s: the policy's estimate of the link's bandwidth.</summary>
    public const string LinkBandwidth = "splitinfer.client.link.bandwidth";

    /// <summary>Gauge, s: the policy's estimate of how long the server takes for the longest of the tails that may be chosen.</summary>
    public const string ServerTail = "splitinfer.client.server.longest_tail";
}

/// <summary>
/// The spans of a request. The first holds the others; the server's spans (<c>splitinfer.serve</c> and its stages) are its children as well, through the trace
/// context in the request. The durations of a request's stages, those of the server included, add up to its own.
/// </summary>
public static class ClientSpanNames
{
    /// <summary>The whole request.</summary>
    public const string Infer = "splitinfer.infer";

    /// <summary>Checking the inputs and choosing the arm.</summary>
    public const string Decide = "splitinfer.decide";

    /// <summary>Running the head; the whole model where everything ran on the device.</summary>
    public const string Head = "splitinfer.head";

    /// <summary>Encoding the boundary until its first bytes could leave.</summary>
    public const string Encode = "splitinfer.encode";

    /// <summary>From the first bytes that could leave until the last were handed to the network.</summary>
    public const string Send = "splitinfer.send";

    /// <summary>The way of the last bytes to the server and that of the reply, up to its decoded outputs. It has no clock of both ends, so it is drawn at the end.</summary>
    public const string Reply = "splitinfer.reply";

    /// <summary>Running the tail on the device.</summary>
    public const string Tail = "splitinfer.tail";
}
