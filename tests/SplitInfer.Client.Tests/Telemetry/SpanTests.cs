using System.Diagnostics;
using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Protocol;
using SplitInfer.Telemetry;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Telemetry;

/// <summary>The spans of requests: what they are called, who their parents are, and how long they take, in virtual time.</summary>
[Collection(nameof(Heard))]
public class SpanTests
{
    [Fact]
    public async Task A_request_is_one_span_with_a_child_for_each_stage_in_the_callers_trace()
    {
        await using var stage = await StageUnderTest.StartAsync();
        using var heard = new Heard(stage.Label, metrics: false);
        using var caller = new Activity("caller").Start();
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await call.AnswerAsync();
        caller.Stop();

        var spans = heard.Spans(caller.TraceId);
        var request = spans[^1];
        Assert.Equal([ClientSpanNames.Head, ClientSpanNames.Reply, ClientSpanNames.Infer], spans.Select(static span => span.OperationName));
        Assert.Equal((caller.SpanId, ActivityKind.Client, ActivityStatusCode.Unset), (request.ParentSpanId, request.Kind, request.Status));
        Assert.All(spans[..^1], span => Assert.Equal(request.SpanId, span.ParentSpanId));
        Assert.Equal([Ms(10), Ms(20) - TimeSpan.FromSeconds(ScriptedParts.RunSeconds)], spans[..^1].Select(static span => span.Duration));
        Assert.Equal(["split", 1, "Raw", "scripted server 0", 16L, false], ((string[])[TelemetryTags.Source, TelemetryTags.Partition, TelemetryTags.Codec, TelemetryTags.Server, TelemetryTags.BytesSent, TelemetryTags.Raced]).Select(request.GetTagItem));
    }

    [Fact]
    public async Task A_failure_of_the_server_is_an_event_of_a_request_that_the_device_finishes()
    {
        await using var stage = await StageUnderTest.StartAsync();
        using var heard = new Heard(stage.Label, metrics: false);
        using var caller = new Activity("caller").Start();
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        await call.AnswerAsync();
        caller.Stop();

        var request = heard.Spans(caller.TraceId)[^1];
        Assert.Equal("unreachable", Assert.Single(request.Events).Tags.Single(static tag => tag.Key == TelemetryTags.Error).Value);
        Assert.Equal(("device", ActivityStatusCode.Unset), (request.GetTagItem(TelemetryTags.Source), request.Status));
    }

    [Fact]
    public async Task A_request_without_a_result_ends_in_an_error()
    {
        await using var stage = await StageUnderTest.StartAsync(onServerFailure: OnServerFailure.Throw);
        using var heard = new Heard(stage.Label, metrics: false);
        using var caller = new Activity("caller").Start();
        stage.Server.Act = new(Ms(20), Fault.ProtocolBroken);
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await Assert.ThrowsAsync<ProtocolException>(() => call);
        caller.Stop();

        var request = Assert.Single(heard.Spans(caller.TraceId));
        Assert.Equal((ActivityStatusCode.Error, "SplitInfer.Protocol.ProtocolException"), (request.Status, request.GetTagItem(TelemetryTags.Error)));
    }

    [Fact]
    public void Where_nobody_listens_nothing_is_recorded_and_nothing_allocated()
    {
        var recorder = new RequestRecorder("nobody", [], TimeProvider.System);
        recorder.Begin().Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var request = recorder.Begin();
        Assert.False(request.IsRecorded);
        Assert.Null(Activity.Current);
        request.Dispose();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task A_listener_that_throws_takes_no_request_with_it()
    {
        await using var stage = await StageUnderTest.StartAsync();
        using var throwing = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == SplitInferClientTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = static _ => throw new InvalidOperationException("The exporter is full."),
        };
        ActivitySource.AddActivityListener(throwing);
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        Assert.Equal(Source.Split, (await call.AnswerAsync()).Source);
    }
}
