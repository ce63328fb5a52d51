using System.Buffers.Binary;
using System.Diagnostics;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Telemetry;

namespace SplitInfer.Server.Telemetry;

/// <summary>Tells listeners how requests go. Where nobody listens it costs a few comparisons and allocates nothing. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class ServerRecorder(TimeProvider time)
{
    /// <summary>The span of the client that a request belongs to; none where nobody listens, or the client has none.</summary>
    public ActivityContext ParentOf(RequestHeader header)
    {
        if ((header.TraceHigh | header.TraceLow) == 0 || !ServerInstruments.Source.HasListeners()) return default;
        Span<byte> trace = stackalloc byte[16], span = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(trace, header.TraceHigh);
        BinaryPrimitives.WriteUInt64BigEndian(trace[8..], header.TraceLow);
        BinaryPrimitives.WriteUInt64BigEndian(span, header.Span);
        return new(ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span), (ActivityTraceFlags)(header.TraceFlags & 1), header.TraceState is { Length: > 0 } state ? state : null, isRemote: true);
    }

    /// <summary>A request has ended. Never throws.</summary>
    public void End(in ServedRequest request)
    {
        try
        {
            if (ServerInstruments.AreRequestsCounted) Count(request);
            if (ServerInstruments.Source.HasListeners()) Draw(request);
        }
#pragma warning disable CA1031 // A listener's error must neither keep what the request holds nor end its connection.
        catch
#pragma warning restore CA1031
        {
        }
    }

    private void Count(in ServedRequest request)
    {
        var total = time.GetElapsedTime(request.BeganAt).TotalSeconds;
        var model = new KeyValuePair<string, object?>(TelemetryTags.Model, request.Model);
        if (request.Refusal is { } code)
        {
            var error = new KeyValuePair<string, object?>(TelemetryTags.Error, code.Word());
            // Known where the request came to that: what a client of another protocol sends wrong is told apart from frames that were damaged.
            if (request.Codec is { } codec) ServerInstruments.Requests.Add(1, model, new(TelemetryTags.Codec, codec), error);
            else ServerInstruments.Requests.Add(1, model, error);
            ServerInstruments.RequestDuration.Record(total, model, error);
            return;
        }

        if (ServerInstruments.Requests.Enabled) ServerInstruments.Requests.Add(1, model, new(TelemetryTags.Partition, request.Partition), new(TelemetryTags.Codec, request.Codec));
        if (request.Exit is { } exit) ServerInstruments.Answers.Add(1, model, new(TelemetryTags.Exit, exit));
        ServerInstruments.RequestDuration.Record(total, model);
        ServerInstruments.BytesReceived.Add(request.BytesReceived, model, new(TelemetryTags.Codec, request.Codec));
        ServerInstruments.BytesSent.Add(request.BytesSent, model);
        if (ServerInstruments.BatchSize.Enabled) ServerInstruments.BatchSize.Record(request.Together, model, new(TelemetryTags.Partition, request.Partition));
        if (!ServerInstruments.StageDuration.Enabled) return;
        Record(ServerSpanNames.Receive, request.ReceiveMicroseconds);
        Record(ServerSpanNames.Decode, request.DecodeMicroseconds);
        Record(ServerSpanNames.Queue, request.QueueMicroseconds);
        Record(ServerSpanNames.Tail, request.RunMicroseconds);
        Record(ServerSpanNames.EncodeOutputs, request.EncodeMicroseconds);

        // One that did not take place has no time, and would make the mean of those that did too small.
        void Record(string stage, double microseconds)
        {
            if (microseconds > 0) ServerInstruments.StageDuration.Record(microseconds * 1e-6, model, new(TelemetryTags.Stage, StageSpan.StageOf(stage)));
        }
    }

    private void Draw(in ServedRequest request)
    {
        var total = time.GetElapsedTime(request.BeganAt);
        var (current, isRoot) = (Activity.Current, request.Parent == default);
        // Else it would become a child of whatever was going on when the connection was accepted.
        if (isRoot) Activity.Current = null;
        try
        {
            Draw(request, total);
        }
        finally
        {
            if (isRoot) Activity.Current = current;
        }
    }

    private void Draw(in ServedRequest request, TimeSpan total)
    {
        using var span = ServerInstruments.Source.StartActivity(ServerSpanNames.Serve, ActivityKind.Server, request.Parent, startTime: time.GetUtcNow() - total);
        if (span is not { IsAllDataRequested: true }) return;
        span.SetTag(TelemetryTags.Model, request.Model).SetTag(TelemetryTags.Client, request.Client);
        if (request.Refusal is { } code)
        {
            span.SetTag(TelemetryTags.Error, code.Word()).SetStatus(ActivityStatusCode.Error, request.Reason);
            return;
        }

        span.SetTag(TelemetryTags.Partition, request.Partition).SetTag(TelemetryTags.Codec, request.Codec).SetTag(TelemetryTags.BytesReceived, request.BytesReceived).SetTag(TelemetryTags.BytesSent, request.BytesSent);
        if (request.Exit is { } exit) span.SetTag(TelemetryTags.Exit, exit);
        var at = TimeSpan.Zero;
        Stage(ServerSpanNames.Receive, request.ReceiveMicroseconds);
        Stage(ServerSpanNames.Decode, request.DecodeMicroseconds);
        Stage(ServerSpanNames.Queue, request.QueueMicroseconds);
        Stage(ServerSpanNames.Tail, request.RunMicroseconds);
        Stage(ServerSpanNames.EncodeOutputs, request.EncodeMicroseconds);

        void Stage(string name, double microseconds)
        {
            var taken = TimeSpan.FromMicroseconds(microseconds);
            StageSpan.Draw(ServerInstruments.Source, span, name, at, taken);
            at += taken;
        }
    }
}

/// <summary>How a request went, for <see cref="ServerRecorder"/>.</summary>
internal readonly ref struct ServedRequest
{
    /// <summary>Name of the model; null where the request was refused before it was known.</summary>
    public required string? Model { get; init; }

    /// <summary>Who sent it.</summary>
    public required string Client { get; init; }

    /// <summary>The client's span.</summary>
    public required ActivityContext Parent { get; init; }

    /// <summary>When its first frame came, as a timestamp.</summary>
    public required long BeganAt { get; init; }

    /// <summary>Why there are no outputs; null where there are.</summary>
    public required RefusalCode? Refusal { get; init; }

    /// <summary>What the client is told of it.</summary>
    public required string? Reason { get; init; }

    public required int Partition { get; init; }

    public required string? Codec { get; init; }

    public required long BytesReceived { get; init; }

    public required long BytesSent { get; init; }

    /// <summary>The exit that answered, 0 for the model itself; null where none was allowed to.</summary>
    public int? Exit { get; init; }

    /// <summary>How many requests its run had, itself included.</summary>
    public required int Together { get; init; }

    public required double ReceiveMicroseconds { get; init; }

    public required double DecodeMicroseconds { get; init; }

    public required double QueueMicroseconds { get; init; }

    public required double RunMicroseconds { get; init; }

    public required double EncodeMicroseconds { get; init; }
}
