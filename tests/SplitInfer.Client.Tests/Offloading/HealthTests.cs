using static SplitInfer.Client.Tests.Offloading.StageSteps;

namespace SplitInfer.Client.Tests.Offloading;

/// <summary>Whether a server that can be pinged is used: unknown, up, or down for 1 s, doubling to 30 s.</summary>
public class HealthTests
{
    private static readonly double[] Pauses = [1, 2, 4, 8, 16, 30, 30];

    [Fact]
    public async Task It_is_unknown_until_it_has_answered_and_nothing_is_sent_without_a_request()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        Assert.True(stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);
        stage.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, stage.Server.Pings);

        await VisitAsync(stage);
        await UntilAsync(() => !stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);
    }

    [Fact]
    public async Task A_server_that_cannot_be_pinged_is_used_until_it_fails()
    {
        await using var stage = await StageUnderTest.StartAsync();
        Assert.False(stage.IsServerAvoided);
        await VisitAsync(stage);
        Assert.Equal(0, stage.Server.Pings);
    }

    [Fact]
    public async Task The_call_at_the_start_is_enough()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(Ms(20));
        stage.Connect();
        await UntilAsync(() => stage.Server.Pinging == 1);
        Assert.True(stage.IsServerAvoided);
        await PongsAsync(stage, roundTrips: 1);
        Assert.False(stage.IsServerAvoided);
        Assert.Equal(0.02, stage.RoundTrips[0], 1e-9);
    }

    [Fact]
    public async Task The_answer_to_a_request_brings_it_up_as_well()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Plain);
        Assert.True(stage.IsServerAvoided);
        stage.Time.Advance(Ms(20));
        await call.AnswerAsync();
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task Requests_while_a_probe_is_out_send_no_other()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        for (var request = 0; request < 5; request++) await VisitAsync(stage);
        await UntilAsync(() => stage.Server.Pings == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(9));
        await VisitAsync(stage);
        // Ends whatever a visit may have begun, so that what was not sent by now never is.
        await stage.DisposeAsync();
        Assert.Equal((1, 0), (stage.Server.Pings, stage.Server.Pinging));
    }

    [Fact]
    public async Task Pauses_double_up_to_half_a_minute_and_in_each_nothing_is_sent()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await FailAsync(stage, pings: 1);
        var pings = 1;
        foreach (var pause in Pauses)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(pause) - Ms(1));
            await VisitAsync(stage);
            Assert.True(stage.IsServerAvoided);
            Assert.NotNull(stage.ServerFailure);

            stage.Time.Advance(Ms(1));
            // Time alone does not bring it back, nor does it send anything.
            Assert.True(stage.IsServerAvoided);
            Assert.Equal(pings, stage.Server.Pings);
            await FailAsync(stage, ++pings);
        }
    }

    [Fact]
    public async Task An_answer_in_between_starts_the_pauses_anew()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await FailAsync(stage, pings: 1);
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync(stage, pings: 2);

        stage.Time.Advance(TimeSpan.FromSeconds(2));
        stage.Server.Ping = new(TimeSpan.Zero);
        await VisitAsync(stage);
        await UntilAsync(() => !stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);

        await FailRequestAsync(stage);
        Assert.True(stage.IsServerAvoided);
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        await VisitAsync(stage);
        await UntilAsync(() => !stage.IsServerAvoided);
    }

    [Fact]
    public async Task Requests_that_fail_in_a_pause_neither_prolong_it_nor_double_the_next()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        await FailRequestAsync(stage);
        var first = stage.ServerFailure;
        Assert.NotNull(first);
        for (var request = 0; request < 5; request++)
        {
            stage.Time.Advance(Ms(100));
            await FailRequestAsync(stage, Fault.Busy);
        }

        Assert.Same(first, stage.ServerFailure);
        // Each request took the device 20 ms.
        stage.Time.AdvanceTo(Ms(1030));
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await VisitAsync(stage);
        await UntilAsync(() => stage.Server.Pings == 1 && !ReferenceEquals(first, stage.ServerFailure));
        stage.Time.Advance(TimeSpan.FromSeconds(2));
        await FailAsync(stage, pings: 2);
    }

    [Fact]
    public async Task Without_pings_the_pause_is_all_that_keeps_requests_away()
    {
        await using var stage = await StageUnderTest.StartAsync();
        foreach (var pause in Pauses)
        {
            await FailRequestAsync(stage);
            // The device took 10 ms of it.
            stage.Time.Advance(TimeSpan.FromSeconds(pause) - Ms(11));
            Assert.True(stage.IsServerAvoided);
            stage.Time.Advance(Ms(1));
            Assert.False(stage.IsServerAvoided);
            Assert.NotNull(stage.ServerFailure);
        }
    }

    [Fact]
    public async Task A_server_that_is_up_is_probed_no_more_often_than_the_interval_says_and_only_beside_requests()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true, probeInterval: TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(Ms(1));
        await ProbeAsync(stage, roundTrips: 1);
        var pings = stage.Server.Pings;
        stage.Time.Advance(Ms(4900));
        await VisitAsync(stage);
        stage.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(pings, stage.Server.Pings);
        await ProbeAsync(stage, roundTrips: 2);
        Assert.True(stage.Server.Pings > pings);
    }

    [Fact]
    public async Task An_infinite_interval_probes_only_until_it_is_up()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(Ms(1));
        await ProbeAsync(stage, roundTrips: 1);
        var pings = stage.Server.Pings;
        stage.Time.Advance(TimeSpan.FromHours(1));
        await VisitAsync(stage);
        await stage.DisposeAsync();
        Assert.Equal(pings, stage.Server.Pings);
    }

    [Fact]
    public async Task A_probe_that_fails_takes_down_a_server_that_was_up()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true, probeInterval: TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(Ms(1));
        await ProbeAsync(stage, roundTrips: 1);
        stage.Time.Advance(TimeSpan.FromSeconds(5));
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ProtocolBroken);
        await VisitAsync(stage);
        await UntilAsync(() => stage.IsServerAvoided);
        Assert.Equal(Fault.ProtocolBroken, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.Single(stage.RoundTrips);
    }

    [Fact]
    public async Task A_probe_ends_after_ten_seconds()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        await VisitAsync(stage);
        await UntilAsync(() => stage.Server.Pinging == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(10) - Ms(1));
        Assert.Null(stage.ServerFailure);
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.Equal((0, 1), (stage.Server.Pinging, stage.Server.Pings));
        Assert.True(stage.IsServerAvoided);

        stage.Time.Advance(TimeSpan.FromSeconds(1));
        stage.Server.Ping = new(TimeSpan.Zero);
        await VisitAsync(stage);
        await UntilAsync(() => !stage.IsServerAvoided);
    }

    [Fact(Skip = "The time limit of a probe is told as the raw 'A task was canceled.' (issue 13, 9).")]
    public async Task A_probe_that_was_not_answered_is_told_as_such()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never;
        await VisitAsync(stage);
        await UntilAsync(() => stage.Server.Pinging == 1);
        stage.Time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.Contains("10 s", stage.ServerFailure!.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = "A request that fails sends no probe, though it may be the only kind there is (blueprint, section 2: ProbeIfDue runs after failed ones as well).")]
    public async Task A_request_that_fails_is_an_occasion_to_probe_like_any_other()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Device[Segment.Whole] = new(TimeSpan.Zero, Fails: true);
        await Assert.ThrowsAnyAsync<SplitInferException>(() => stage.InferAsync(Choice.OnDevice));
        await UntilAsync(() => !stage.IsServerAvoided);
    }

    // A request that the device does in no time, after which the server is probed where that is due.
    private static async Task VisitAsync(StageUnderTest stage)
    {
        stage.Device[Segment.Whole] = new(TimeSpan.Zero);
        await stage.InferAsync(Choice.OnDevice).WaitAsync(FailureLimit);
    }

    private static async Task ProbeAsync(StageUnderTest stage, int roundTrips)
    {
        await VisitAsync(stage);
        await PongsAsync(stage, roundTrips);
    }

    // Lets the server answer, however many pings a probe has.
    private static async Task PongsAsync(StageUnderTest stage, int roundTrips)
    {
        var roundTrip = stage.Server.Ping.After!.Value;
        while (stage.RoundTrips.Count < roundTrips)
        {
            await UntilAsync(() => stage.RoundTrips.Count == roundTrips || stage.Time.IsSetFor(stage.Time.Now + roundTrip));
            if (stage.RoundTrips.Count < roundTrips) stage.Time.Advance(roundTrip);
        }
    }

    // A request after which the server is probed and fails.
    private static async Task FailAsync(StageUnderTest stage, int pings)
    {
        var last = stage.ServerFailure;
        await VisitAsync(stage);
        await UntilAsync(() => stage.Server.Pings == pings && !ReferenceEquals(last, stage.ServerFailure));
        Assert.True(stage.IsServerAvoided);
    }

    // A request that the server fails and the device finishes in 10 ms.
    private static async Task FailRequestAsync(StageUnderTest stage, Fault fault = Fault.ConnectionLost)
    {
        stage.Server.Act = new(TimeSpan.Zero, fault);
        stage.Device[Segment.Head] = new(TimeSpan.Zero);
        var call = stage.InferAsync(Choice.Plain);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
    }
}
