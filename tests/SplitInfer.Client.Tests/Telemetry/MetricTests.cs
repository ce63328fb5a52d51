using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Client.Transport;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Telemetry;

/// <summary>What is counted and timed of requests that end in every way there is. In virtual time, so that every number is exact.</summary>
[Collection(nameof(Heard))]
public class MetricTests
{
    private const string Server = "splitinfer.server=scripted server 0";

    [Fact]
    public async Task A_split_request_is_counted_once_with_where_it_ran_and_the_times_of_its_stages()
    {
        await using var stage = await StageUnderTest.StartAsync();
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await call.AnswerAsync();

        Assert.Equal([(1, $"splitinfer.codec=Raw splitinfer.partition=1 {Server} splitinfer.source=split splitinfer.variant=0")], heard.Of(ClientMetricNames.Requests));
        Assert.Equal([(0.03, "splitinfer.source=split")], heard.Of(ClientMetricNames.RequestDuration));
        Assert.Equal([(0.01, "splitinfer.stage=head"), (0.02 - ScriptedParts.RunSeconds, "splitinfer.stage=reply")], heard.Of(ClientMetricNames.StageDuration));
        Assert.Equal([(16, "splitinfer.codec=Raw")], heard.Of(ClientMetricNames.BytesSent));
        Assert.Equal([(16, "splitinfer.codec=Raw")], heard.Of(ClientMetricNames.BytesRaw));
        Assert.Empty(heard.Of(ClientMetricNames.Races));
        Assert.Empty(heard.Of(ClientMetricNames.ServerFailures));
    }

    [Fact]
    public async Task What_the_device_finishes_is_counted_as_its_own_beside_the_servers_failure()
    {
        await using var stage = await StageUnderTest.StartAsync();
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(20), Fault.Busy);
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        await call.AnswerAsync();

        Assert.Equal([(1, $"error.type=busy {Server}")], heard.Of(ClientMetricNames.ServerFailures));
        Assert.Equal("splitinfer.source=device", Assert.Single(heard.Of(ClientMetricNames.RequestDuration)).Tags);
        Assert.Contains((0.01, "splitinfer.stage=tail"), heard.Of(ClientMetricNames.StageDuration));
    }

    [Fact]
    public async Task A_request_without_a_result_is_counted_by_its_error()
    {
        await using var stage = await StageUnderTest.StartAsync(onServerFailure: OnServerFailure.Throw);
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(20));
        await Assert.ThrowsAsync<ServerUnreachableException>(() => call);

        Assert.Equal([(1, "error.type=unreachable")], heard.Of(ClientMetricNames.Requests));
        Assert.Equal([(0.03, "error.type=unreachable")], heard.Of(ClientMetricNames.RequestDuration));
    }

    [Fact]
    public void Servers_are_asked_for_when_metrics_are_collected_and_no_more_once_the_client_has_ended()
    {
        using var client = new ClientGauges("gauges", ["a", "b"], static server => server == 0, static server => server == 0 ? null : new() { RoundTripSeconds = 0.01, BitsPerSecond = 8e6, LongestTailSeconds = double.NaN });
        using var heard = new Heard("gauges");
        heard.Collect();
        Assert.Equal([(1, "splitinfer.server=a"), (0, "splitinfer.server=b")], heard.Of(ClientMetricNames.ServerUsable));
        Assert.Equal([(0.01, "splitinfer.server=b")], heard.Of(ClientMetricNames.LinkRoundTrip));
        Assert.Equal([(8e6, "splitinfer.server=b")], heard.Of(ClientMetricNames.LinkBandwidth));
        Assert.Empty(heard.Of(ClientMetricNames.ServerTail));
        client.Dispose();
        heard.Collect();
        Assert.Equal(2, heard.Of(ClientMetricNames.ServerUsable).Length);
    }
}
