using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Whether a server is used: unknown, up, busy, or down for 1 s and then 1.5 s at a time; up to 30 s where only requests can tell.</summary>
public class HealthTests
{
    private static readonly double[] Pauses = [1, 2, 4, 8, 16, 30, 30];
    private static readonly double[] PausesWithPings = [1, 1.5, 1.5, 1.5];

    [Fact]
    public async Task It_is_unknown_until_it_has_answered_and_nothing_is_sent_without_a_request()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        Assert.True(stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);
        stage.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, stage.Server.Pings);

        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);
    }

    [Fact]
    public async Task A_server_that_cannot_be_pinged_is_used_until_it_fails()
    {
        await using var stage = await StageUnderTest.StartAsync();
        Assert.False(stage.IsServerAvoided);
        await stage.VisitAsync();
        Assert.Equal(0, stage.Server.Pings);
    }

    [Fact]
    public async Task The_answer_to_a_request_brings_it_up_as_well()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Named);
        Assert.True(stage.IsServerAvoided);
        stage.Time.Advance(Ms(20));
        await call.AnswerAsync();
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task Pauses_stay_short_and_in_each_nothing_is_sent()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await stage.FailAsync(pings: 1);
        var pings = 1;
        foreach (var pause in PausesWithPings)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(pause) - Ms(1));
            await stage.VisitAsync();
            await TurnsAsync(50);
            Assert.True(stage.IsServerAvoided);
            Assert.NotNull(stage.ServerFailure);

            stage.Time.Advance(Ms(1));
            // Time alone does not bring it back, nor does it send anything.
            Assert.True(stage.IsServerAvoided);
            Assert.Equal(pings, stage.Server.Pings);
            await stage.FailAsync(++pings);
        }
    }

    [Fact]
    public async Task An_answer_in_between_starts_the_pauses_anew()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await stage.FailAsync(pings: 1);
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        await stage.FailAsync(pings: 2);

        stage.Time.Advance(TimeSpan.FromSeconds(2));
        stage.Server.Ping = new(TimeSpan.Zero);
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
        Assert.Null(stage.ServerFailure);

        await stage.FailRequestAsync();
        Assert.True(stage.IsServerAvoided);
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
    }

    [Fact]
    public async Task Requests_that_fail_in_a_pause_neither_prolong_it_nor_double_the_next()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Device[Segment.Head] = new(TimeSpan.Zero);
        await Assert.ThrowsAnyAsync<SplitInferException>(() => stage.InferAsync(Choice.Named).WaitAsync(FailureLimit));
        var first = stage.ServerFailure;
        Assert.NotNull(first);
        for (var request = 0; request < 5; request++)
        {
            stage.Time.Advance(Ms(100));
            stage.Server.Act = new(TimeSpan.Zero, Fault.Busy);
            await Assert.ThrowsAnyAsync<SplitInferException>(() => stage.InferAsync(Choice.Named).WaitAsync(FailureLimit));
        }

        Assert.Same(first, stage.ServerFailure);
        stage.Time.AdvanceTo(Ms(1000));
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await stage.VisitAsync();
        await UntilAsync(() => stage.Server.Pings == 1 && !ReferenceEquals(first, stage.ServerFailure));
        stage.Time.Advance(TimeSpan.FromSeconds(2));
        await stage.FailAsync(pings: 2);
    }

    [Fact]
    public async Task Without_pings_the_pause_is_all_that_keeps_requests_away()
    {
        await using var stage = await StageUnderTest.StartAsync();
        foreach (var pause in Pauses)
        {
            await stage.FailRequestAsync();
            // The device took 10 ms of it.
            stage.Time.Advance(TimeSpan.FromSeconds(pause) - Ms(11));
            Assert.True(stage.IsServerAvoided);
            stage.Time.Advance(Ms(1));
            Assert.False(stage.IsServerAvoided);
            Assert.NotNull(stage.ServerFailure);
        }
    }

    [Fact]
    public async Task A_server_that_says_when_to_come_back_is_left_alone_until_then_and_used_again_without_a_probe()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
        var pings = stage.Server.Pings;

        await stage.FailRequestAsync(Fault.BusyFor3Seconds);
        stage.Time.Advance(TimeSpan.FromSeconds(3) - Ms(11));
        await stage.VisitAsync();
        await TurnsAsync(50);
        Assert.True(stage.IsServerAvoided);
        Assert.Equal(pings, stage.Server.Pings);
        stage.Time.Advance(Ms(1));
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task Reports_of_a_busy_server_do_not_lengthen_the_pauses_of_one_that_is_down()
    {
        await using var stage = await StageUnderTest.StartAsync();
        for (var request = 0; request < 5; request++)
        {
            await stage.FailRequestAsync(Fault.BusyFor3Seconds);
            stage.Time.Advance(TimeSpan.FromSeconds(3));
            Assert.False(stage.IsServerAvoided);
        }

        await stage.FailRequestAsync();
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task A_request_that_its_caller_gives_up_makes_the_server_be_looked_at()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
        var pings = stage.Server.Pings;
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Server.Act = ServerAct.Never;
        using var patience = new CancellationTokenSource();
        var call = await stage.SetOutAsync(Choice.Plain, stop: patience.Token);
        stage.Time.Advance(Ms(10));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(FailureLimit));
        await UntilAsync(() => stage.IsServerAvoided);
        // A connection that has ended is tried once more before the server counts as down.
        Assert.Equal(pings + 2, stage.Server.Pings);
    }
}
