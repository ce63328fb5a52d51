using System.Diagnostics;
using System.Runtime.CompilerServices;
using SplitInfer.Telemetry;

namespace SplitInfer.Client.Telemetry;

/// <summary>The stages of a request, one after the other, and the spans that are drawn of them when the request has its result.</summary>
internal static class StageSpans
{
    /// <summary>The stages on the device, in the order in which they take place.</summary>
    /// <param name="total">The whole request.</param>
    /// <param name="report">How it went.</param>
    public static StageList StagesOf(TimeSpan total, in RequestReport report)
    {
        var stages = new StageList();
        stages[0] = (ClientSpanNames.Decide, total - report.Attempt);
        stages[1] = (ClientSpanNames.Head, report.Head);
        stages[2] = (ClientSpanNames.Encode, report.Encode);
        stages[3] = (ClientSpanNames.Send, report.Send);
        stages[4] = (ClientSpanNames.Reply, report.Offload - report.Send - report.AtServer);
        stages[5] = (ClientSpanNames.Tail, report.Tail);
        return stages;
    }

    /// <summary>Adds the tags of the result to the request's span, and a child for each stage that took place.</summary>
    public static void Draw(Activity span, TimeSpan total, in RequestReport report)
    {
        span.SetTag(TelemetryTags.Source, report.Source).SetTag(TelemetryTags.Partition, report.Partition).SetTag(TelemetryTags.Variant, report.Variant)
            .SetTag(TelemetryTags.Forced, report.IsForced).SetTag(TelemetryTags.Raced, report.IsRaced);
        if (report.Exit is { } exit) span.SetTag(TelemetryTags.Exit, exit);
        if (double.IsFinite(report.PredictedSeconds)) span.SetTag(TelemetryTags.Predicted, report.PredictedSeconds);
        if (report.Server is not null) span.SetTag(TelemetryTags.Server, report.Server).SetTag(TelemetryTags.Codec, report.Codec).SetTag(TelemetryTags.BytesSent, report.BytesSent);
        if (report.ServerFailure is { } failure)
            span.AddEvent(new("server failed", tags: new() { [TelemetryTags.Error] = ErrorKind.Of(failure), ["exception.message"] = failure.Message }));

        var at = TimeSpan.Zero;
        var stages = StagesOf(total, report);
        foreach (var (name, taken) in stages)
        {
            // The device's tail may have begun while the server was at work, and the reply ends with the request: both are drawn from their ends.
            var begins = name is ClientSpanNames.Reply or ClientSpanNames.Tail ? total - taken : at;
            StageSpan.Draw(ClientInstruments.Source, span, name, begins, taken);
            at += taken;
        }
    }
}

/// <summary>As many stages as a request can have; a value, so that counting them allocates nothing.</summary>
[InlineArray(6)]
internal struct StageList
{
    private (string Name, TimeSpan Taken) _first;
}
