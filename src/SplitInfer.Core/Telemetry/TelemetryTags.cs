namespace SplitInfer.Telemetry;

/// <summary>The tags of the metrics and spans of clients and servers. Names are stable.</summary>
public static class TelemetryTags
{
    /// <summary>Name of the model: what its servers call it.</summary>
    public const string Model = "splitinfer.model";

    /// <summary>Where the result was computed: <c>device</c>, <c>server</c> or <c>split</c>.</summary>
    public const string Source = "splitinfer.source";

    /// <summary>Where the model was cut.</summary>
    public const string Partition = "splitinfer.partition";

    /// <summary>Name of the codec of the boundary; absent where no server was asked.</summary>
    public const string Codec = "splitinfer.codec";

    /// <summary>Number of the variant that was cut, in its family; another one may have stood in for it on the device. 0 where there is one model.</summary>
    public const string Variant = "splitinfer.variant";

    /// <summary>The early exit that answered, from 1 on; 0 where the model itself did.</summary>
    public const string Exit = "splitinfer.exit";

    /// <summary>Name of the server; absent where none was asked.</summary>
    public const string Server = "splitinfer.server";

    /// <summary>Name of a stage, which is that of its span without <c>splitinfer.</c></summary>
    public const string Stage = "splitinfer.stage";

    /// <summary>What became of a late reply: <c>replied</c>, <c>refused</c>, <c>failed</c> or <c>abandoned</c>.</summary>
    public const string Outcome = "splitinfer.outcome";

    /// <summary>Of a span: whether the arm was taken to learn about it.</summary>
    public const string Forced = "splitinfer.forced";

    /// <summary>Of a span: whether device and server both ran the tail.</summary>
    public const string Raced = "splitinfer.raced";

    /// <summary>Of a span: payload bytes that were sent.</summary>
    public const string BytesSent = "splitinfer.payload.sent";

    /// <summary>Of a server's span: the address of the client, and the name of its key.</summary>
    public const string Client = "splitinfer.client";

    /// <summary>Of a span: payload bytes that were received.</summary>
    public const string BytesReceived = "splitinfer.payload.received";

    /// <summary>Of a span: what the policy expected the request to take, s.</summary>
    public const string Predicted = "splitinfer.predicted";

    /// <summary>What went wrong, in a word: a refusal of the wire such as <c>busy</c>, or <c>timeout</c>, <c>unreachable</c>, <c>silent</c>, <c>cancelled</c>, or the type of the exception.</summary>
    public const string Error = "error.type";
}
