using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>When a server is pinged: beside requests only, one probe at a time, no more often than is asked for, and not for ever.</summary>
public class ProbeTests
{
    /// <summary>A transport of an application's own may throw anything.</summary>
    [Fact]
    public async Task Whatever_a_ping_ends_with_the_server_is_avoided_and_the_client_can_be_disposed()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.Other);
        stage.Connect();
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.True(stage.IsServerAvoided);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
        Assert.Equal(1, stage.Server.TimesClosed);
    }

    [Fact]
    public async Task The_call_at_the_start_is_enough()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(Ms(20));
        stage.Connect();
        await UntilAsync(() => stage.Server.Pinging == 1);
        Assert.True(stage.IsServerAvoided);
        await stage.PongsAsync(roundTrips: 1);
        Assert.False(stage.IsServerAvoided);
        Assert.Equal(0.02, stage.RoundTrips[0], 1e-9);
    }

    [Fact]
    public async Task Requests_while_a_probe_is_out_send_no_other()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        for (var request = 0; request < 5; request++) await stage.VisitAsync();
        await UntilAsync(() => stage.Server.Pings == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(9));
        await stage.VisitAsync();
        // Ends whatever a visit may have begun, so that what was not sent by now never is.
        await stage.DisposeAsync();
        Assert.Equal((1, 0), (stage.Server.Pings, stage.Server.Pinging));
    }

    [Fact]
    public async Task A_server_that_is_up_is_probed_no_more_often_than_the_interval_says_and_only_beside_requests()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true, probeInterval: TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(Ms(1));
        await stage.ProbeAsync(roundTrips: 1);
        var pings = stage.Server.Pings;
        stage.Time.Advance(Ms(4900));
        await stage.VisitAsync();
        await TurnsAsync(50);
        stage.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(pings, stage.Server.Pings);
        await stage.ProbeAsync(roundTrips: 2);
        Assert.True(stage.Server.Pings > pings);
    }

    [Fact]
    public async Task An_infinite_interval_probes_only_until_it_is_up()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(Ms(1));
        await stage.ProbeAsync(roundTrips: 1);
        var pings = stage.Server.Pings;
        stage.Time.Advance(TimeSpan.FromHours(1));
        await stage.VisitAsync();
        await stage.DisposeAsync();
        Assert.Equal(pings, stage.Server.Pings);
    }

    [Fact]
    public async Task A_probe_that_fails_takes_down_a_server_that_was_up()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true, probeInterval: TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(Ms(1));
        await stage.ProbeAsync(roundTrips: 1);
        stage.Time.Advance(TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ProtocolBroken);
        await stage.VisitAsync();
        await UntilAsync(() => stage.IsServerAvoided);
        Assert.Equal(Fault.ProtocolBroken, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.Single(stage.RoundTrips);
    }

    [Fact]
    public async Task A_probe_ends_after_ten_seconds()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        await stage.VisitAsync();
        await UntilAsync(() => stage.Server.Pinging == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(10) - Ms(1));
        Assert.Null(stage.ServerFailure);
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.Equal((0, 1), (stage.Server.Pinging, stage.Server.Pings));
        Assert.True(stage.IsServerAvoided);

        stage.Time.Advance(TimeSpan.FromSeconds(1));
        stage.Server.Ping = new(TimeSpan.Zero);
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
    }

    [Fact]
    public async Task A_probe_that_was_not_answered_is_told_as_such()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        await stage.VisitAsync();
        await UntilAsync(() => stage.Server.Pinging == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.Contains("10 s", stage.ServerFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_fails_is_an_occasion_to_probe_like_any_other()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Device[Segment.Whole] = new(TimeSpan.Zero, Fails: true);
        await Assert.ThrowsAnyAsync<SplitInferException>(() => stage.InferAsync(Choice.OnDevice));
        await UntilAsync(() => !stage.IsServerAvoided);
    }
}
