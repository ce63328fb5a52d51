using System.Diagnostics;
using System.Diagnostics.Metrics;
using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>Tells listeners how the requests of one client go. Where nobody listens it costs a few comparisons and allocates nothing. Thread-safe.</summary>
/// <param name="model">Name of the model.</param>
/// <param name="servers">Names of the servers, by number.</param>
/// <param name="time">The clock.</param>
/// <param name="reports">What is to be told to each server, by number; null where one is told nothing.</param>
internal sealed class RequestRecorder(string model, IReadOnlyList<string> servers, TimeProvider time, IReadOnlyList<ReportBuffer?>? reports = null)
{
    private readonly ReportBuffer?[] _reports = [.. reports ?? []];

    private readonly KeyValuePair<string, object?> _model = new(TelemetryTags.Model, model);

    /// <summary>A request begins. Never throws, nor does anything that follows: a listener's error must not become the request's.</summary>
    public RecordedRequest Begin()
    {
        try
        {
            var span = ClientInstruments.Source.StartActivity(ClientSpanNames.Infer, ActivityKind.Client);
            return span is not null || ClientInstruments.AreRequestsCounted || AreReportsWanted ? new(this, span, time.GetTimestamp()) : default;
        }
#pragma warning disable CA1031 // See above.
        catch
#pragma warning restore CA1031
        {
            return default;
        }
    }

    /// <summary>A request has a result.</summary>
    /// <param name="span">Its span.</param>
    /// <param name="began">When it began.</param>
    /// <param name="report">How it went.</param>
    public void Complete(Activity? span, long began, in RequestReport report)
    {
        try
        {
            var total = time.GetElapsedTime(began);
            if (ClientInstruments.AreRequestsCounted) Count(total, report);
            if (span is { IsAllDataRequested: true }) StageSpans.Draw(span, total, report);
            if (_reports.Length > 0) Tell(total, report);
        }
#pragma warning disable CA1031 // See Begin.
        catch
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>A request has ended without a result.</summary>
    /// <param name="span">Its span.</param>
    /// <param name="began">When it began.</param>
    /// <param name="error">Why.</param>
    public void Fail(Activity? span, long began, Exception error)
    {
        try
        {
            var kind = new KeyValuePair<string, object?>(TelemetryTags.Error, ErrorKind.Of(error));
            ClientInstruments.Requests.Add(1, _model, kind);
            ClientInstruments.RequestDuration.Record(time.GetElapsedTime(began).TotalSeconds, _model, kind);
            span?.SetTag(kind.Key, kind.Value).SetStatus(ActivityStatusCode.Error, error.Message);
        }
#pragma warning disable CA1031 // See Begin.
        catch
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>The span of a request ends.</summary>
    public static void End(Activity? span)
    {
        try
        {
            span?.Dispose();
        }
#pragma warning disable CA1031 // See Begin.
        catch
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>A reply that was awaited after the caller had its result has come, or was given up.</summary>
    public void LateReply(int server, ServerOutcome outcome)
    {
        var word = outcome switch { ServerOutcome.Replied => "replied", ServerOutcome.Refused => "refused", ServerOutcome.Failed => "failed", _ => "abandoned" };
        Add(ClientInstruments.LateReplies, server, TelemetryTags.Outcome, word);
    }

    /// <summary>A server has failed a request.</summary>
    public void ServerFailure(int server, Exception failure)
    {
        if (ClientInstruments.ServerFailures.Enabled) Add(ClientInstruments.ServerFailures, server, TelemetryTags.Error, ErrorKind.Of(failure));
    }

    private void Add(Counter<long> counter, int server, string tag, string word)
    {
        try
        {
            if (counter.Enabled) counter.Add(1, _model, new(TelemetryTags.Server, servers[server]), new(tag, word));
        }
#pragma warning disable CA1031 // See Begin.
        catch
#pragma warning restore CA1031
        {
        }
    }

    private bool AreReportsWanted
    {
        get
        {
            foreach (var server in _reports)
                if (server is { IsWanted: true }) return true;
            return false;
        }
    }

    /// <summary>Has the server that was asked be told of a request, or all of them of one that asked none.</summary>
    private void Tell(TimeSpan total, in RequestReport report)
    {
        if (report.Server is null)
        {
            foreach (var server in _reports) server?.AddOnDevice(total);
            return;
        }

        _reports[report.ServerNumber]?.Add(new()
        {
            Partition = report.Partition,
            Codec = report.Codec,
            Variant = report.Variant,
            IsForced = report.IsForced,
            IsRaced = report.IsRaced,
            IsDevice = report.Source == "device",
            Decide = total - report.Attempt,
            Head = report.Head,
            Encode = report.Encode,
            Send = report.Send,
            AtServer = report.AtServer,
            Reply = report.Offload - report.Send - report.AtServer,
            Tail = report.Tail,
            Total = total,
            PredictedSeconds = report.PredictedSeconds,
        });
    }

    private void Count(TimeSpan total, in RequestReport report)
    {
        var source = new KeyValuePair<string, object?>(TelemetryTags.Source, report.Source);
        if (ClientInstruments.Requests.Enabled)
        {
            var tags = new TagList { _model, source, new(TelemetryTags.Partition, report.Partition), new(TelemetryTags.Variant, report.Variant) };
            if (report.Server is not null)
            {
                tags.Add(TelemetryTags.Codec, report.Codec);
                tags.Add(TelemetryTags.Server, report.Server);
            }

            ClientInstruments.Requests.Add(1, tags);
        }

        if (report.Exit is { } exit) ClientInstruments.Answers.Add(1, _model, source, new(TelemetryTags.Exit, exit));
        ClientInstruments.RequestDuration.Record(total.TotalSeconds, _model, source);
        if (report.IsRaced) ClientInstruments.Races.Add(1, _model, source);
        if (report.BytesSent > 0)
        {
            ClientInstruments.BytesSent.Add(report.BytesSent, _model, new(TelemetryTags.Codec, report.Codec));
            ClientInstruments.BytesRaw.Add(report.BytesRaw, _model, new(TelemetryTags.Codec, report.Codec));
        }

        if (!ClientInstruments.StageDuration.Enabled) return;
        var stages = StageSpans.StagesOf(total, report);
        foreach (var (stage, taken) in stages)
            if (taken > TimeSpan.Zero) ClientInstruments.StageDuration.Record(taken.TotalSeconds, _model, new(TelemetryTags.Stage, StageSpan.StageOf(stage)));
    }
}
