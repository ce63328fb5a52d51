using System.Collections.Concurrent;
using System.Diagnostics;
using SplitInfer.Client.Telemetry;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Server.Telemetry;
using SplitInfer.Telemetry;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Telemetry;

/// <summary>One trace shows a split request from the choice of the cut to the reply, at both ends of a real connection.</summary>
public sealed class TraceTests : IDisposable
{
    private const int Requests = 20;

    private static readonly string[] Stages =
    [
        ClientSpanNames.Decide, ClientSpanNames.Head, ClientSpanNames.Encode, ClientSpanNames.Send,
        ServerSpanNames.Decode, ServerSpanNames.Queue, ServerSpanNames.Tail, ServerSpanNames.EncodeOutputs, ClientSpanNames.Reply,
    ];

    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public TraceTests()
    {
        _listener = new()
        {
            ShouldListenTo = static source => source.Name is SplitInferClientTelemetry.ActivitySourceName or SplitInferServerTelemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task It_has_every_stage_in_order_and_their_times_add_up_to_the_whole()
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 64, classes: 10, width: 32).ToBytes());
        await using var client = await deployment.ConnectAsync(static client => (client.Codec, client.Partition) = ("Quantized8", 8));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        (await client.InferAsync(input)).Dispose();
        var shares = new List<double>();
        for (var request = 0; request < Requests; request++)
        {
            using var caller = new Activity("caller").Start();
            (await client.InferAsync(input)).Dispose();
            var spans = await SpansOfAsync(caller.TraceId);
            var whole = spans.Single(static span => span.OperationName == ClientSpanNames.Infer);
            var served = spans.Single(static span => span.OperationName == ServerSpanNames.Serve);
            Assert.Equal((whole.SpanId, ActivityKind.Server), (served.ParentSpanId, served.Kind));
            Assert.Equal("Quantized8", served.GetTagItem(TelemetryTags.Codec));
            var parts = spans.Where(span => Stages.Contains(span.OperationName)).ToArray();
            Assert.All(parts, part => Assert.Contains(part.ParentSpanId, (ActivitySpanId[])[whole.SpanId, served.SpanId]));
            // A stage that took no time leaves no span.
            Ordered(parts, whole.SpanId);
            Ordered(parts, served.SpanId);
            Assert.Empty(((string[])[ClientSpanNames.Head, ClientSpanNames.Encode, ServerSpanNames.Tail, ClientSpanNames.Reply]).Except(parts.Select(static part => part.OperationName)));
            shares.Add(parts.Sum(static part => part.Duration.TotalSeconds) / whole.Duration.TotalSeconds);
        }

        // Where the machine is busy, time goes by between two stages; some request escapes that.
        Assert.All(shares, static share => Assert.InRange(share, 0, 1.05));
        Assert.Contains(shares, static share => share > 0.95);
    }

    [Fact]
    public async Task A_refusal_is_an_error_of_the_servers_span()
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes(), static server => server.Limits.MaxHeldBytesPerConnection = 1024);
        await using var client = await deployment.ConnectAsync(static client => (client.Codec, client.Partition, client.OnServerFailure) = ("Raw", 1, Client.OnServerFailure.Throw));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var caller = new Activity("caller").Start();
        await Assert.ThrowsAsync<Protocol.TailRefusedException>(async () => (await client.InferAsync(input)).Dispose());
        var spans = await SpansOfAsync(caller.TraceId);
        Assert.Equal(["busy", "busy"], spans.Where(static span => span.OperationName is ServerSpanNames.Serve or ClientSpanNames.Infer).Select(static span => span.GetTagItem(TelemetryTags.Error)));
    }

    /// <summary>Checks that the stages of one end come one after the other, in the order of <see cref="Stages"/>.</summary>
    private static void Ordered(Activity[] parts, ActivitySpanId end)
    {
        var own = parts.Where(part => part.ParentSpanId == end).OrderBy(static part => part.StartTimeUtc).ThenBy(static part => part.Duration).Select(static part => Array.IndexOf(Stages, part.OperationName)).ToArray();
        Assert.Equal(own.Order(), own);
    }

    /// <summary>The spans of a trace, once both ends have told theirs: the server tells its own when the reply is on its way.</summary>
    private async Task<Activity[]> SpansOfAsync(ActivityTraceId trace)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var spans = _ended.Where(span => span.TraceId == trace).ToArray();
            if (spans.Any(static span => span.OperationName == ServerSpanNames.Serve) && spans.Any(static span => span.OperationName == ClientSpanNames.Infer)) return spans;
            await Task.Delay(5, patience.Token);
        }
    }
}
