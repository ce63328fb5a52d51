using SplitInfer.Telemetry;

namespace SplitInfer.Server.Telemetry;

/// <summary>
/// The names under which servers tell what they do, for OpenTelemetry and other listeners: <c>tracing.AddSource(SplitInferServerTelemetry.ActivitySourceName)</c>,
/// <c>metrics.AddMeter(SplitInferServerTelemetry.MeterName)</c>. Where nobody listens nothing is recorded. Durations are in seconds, sizes in bytes. Names are stable.
/// </summary>
public static class SplitInferServerTelemetry
{
    /// <summary>Name of the <see cref="System.Diagnostics.ActivitySource"/>.</summary>
    public const string ActivitySourceName = "SplitInfer.Server";

    /// <summary>Name of the <see cref="System.Diagnostics.Metrics.Meter"/>.</summary>
    public const string MeterName = "SplitInfer.Server";
}

/// <summary>The metrics of servers.</summary>
public static class ServerMetricNames
{
    /// <summary>Counter, <c>{request}</c>: requests that ended, by model, partition and codec; those without outputs by <see cref="TelemetryTags.Error"/>.</summary>
    public const string Requests = "splitinfer.server.requests";

    /// <summary>Counter, <c>{request}</c>: requests that allowed exits and have outputs, by model and by the exit that answered (<c>splitinfer.exit</c>); 0 is the model itself.</summary>
    public const string Answers = "splitinfer.server.answers";

    /// <summary>Histogram, s: time from the first frame of a request until its reply was handed to the network.</summary>
    public const string RequestDuration = "splitinfer.server.request.duration";

    /// <summary>Histogram, s: time of each stage of the requests with outputs (<see cref="TelemetryTags.Stage"/>).</summary>
    public const string StageDuration = "splitinfer.server.stage.duration";

    /// <summary>Histogram, <c>{request}</c>: for each request with outputs how many ran together with it, itself included; by model and partition.</summary>
    public const string BatchSize = "splitinfer.server.batch.size";

    /// <summary>Counter, By: payload bytes of the requests with outputs.</summary>
    public const string BytesReceived = "splitinfer.server.payload.received";

    /// <summary>Counter, By: payload bytes of their replies.</summary>
    public const string BytesSent = "splitinfer.server.payload.sent";

    /// <summary>Gauge, <c>{request}</c>: requests that wait for a place to run.</summary>
    public const string Queued = "splitinfer.server.queue.length";

    /// <summary>Gauge, <c>{request}</c>: requests that run; those that run together count once.</summary>
    public const string Running = "splitinfer.server.running";

    /// <summary>Gauge, <c>{request}</c>: requests that run at a time, at most.</summary>
    public const string Places = "splitinfer.server.places";

    /// <summary>Gauge, s: how long a request that comes now will wait, by the runs so far.</summary>
    public const string Wait = "splitinfer.server.queue.wait";

    /// <summary>Gauge, 1: the seconds that all requests together wait longer for each second that another one runs.</summary>
    public const string Price = "splitinfer.server.price";

    /// <summary>Gauge, 1: what a second costs requests that allow exits, in accuracy of one of weight 1.</summary>
    public const string QualityPrice = "splitinfer.server.quality.price";

    /// <summary>Gauge, <c>{connection}</c>: open connections.</summary>
    public const string Connections = "splitinfer.server.connections";

    /// <summary>Gauge, By: what received boundaries and unread replies hold.</summary>
    public const string HeldBytes = "splitinfer.server.held";

    /// <summary>Gauge, <c>{model}</c>: versions of models that are served.</summary>
    public const string Models = "splitinfer.server.models";

    /// <summary>Gauge, <c>{model}</c>: versions of models that are not served, for a reason that the log tells.</summary>
    public const string RefusedModels = "splitinfer.server.models.refused";

    /// <summary>Gauge, <c>{segment}</c>: tails that are loaded, or being loaded.</summary>
    public const string Segments = "splitinfer.server.segments";

    /// <summary>Gauge, By: memory of the loaded tails.</summary>
    public const string SegmentBytes = "splitinfer.server.segments.memory";
}

/// <summary>
/// The spans of a request at a server. The first holds the others, and is a child of the client's span, whose context the request carries.
/// </summary>
public static class ServerSpanNames
{
    /// <summary>The whole request, from its first frame until its reply was handed to the network.</summary>
    public const string Serve = "splitinfer.serve";

    /// <summary>From the first frame to the last.</summary>
    public const string Receive = "splitinfer.receive";

    /// <summary>Decoding what was left of the boundary when all of it had come.</summary>
    public const string Decode = "splitinfer.decode";

    /// <summary>Waiting for the tail to be loaded, where it was not, and for a place to run.</summary>
    public const string Queue = "splitinfer.queue";

    /// <summary>Running the tail.</summary>
    public const string Tail = "splitinfer.tail";

    /// <summary>Encoding the outputs until their first bytes could leave.</summary>
    public const string EncodeOutputs = "splitinfer.encode_outputs";
}
