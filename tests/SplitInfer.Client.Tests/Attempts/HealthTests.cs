using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

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
    public async Task Pauses_double_up_to_half_a_minute_and_in_each_nothing_is_sent()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        await stage.FailAsync(pings: 1);
        var pings = 1;
        foreach (var pause in Pauses)
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
}
