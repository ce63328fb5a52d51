using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// Replies that lost a race. The whole model takes the device 20 ms, so a reply is waited for until 100 ms after the result, or
/// for two delays of the device where that is more.
/// </summary>
public class LateReplyTests
{
    private const double LeastPatience = 100;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_tells_the_policy_what_the_server_cost_and_nothing_twice(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Encoding = Ms(1);
        var wonAt = fromStart ? 10 : 60;
        stage.Server.Act = new(Ms(wonAt + 79));
        await WinAsync(stage, fromStart);
        Assert.Equal(fromStart, !stage.Observed[0].IsCensored);

        stage.Time.Advance(Ms(80));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.Equal(new(0, true, 0, 0, (wonAt + 79) / 1000.0, ScriptedParts.RunSeconds, 16, false, 0), stage.Observed[1] with { Offload = Math.Round(stage.Observed[1].Offload, 9) });
        await UntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
        Assert.Equal(0, stage.Server.Withdrawn);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_given_up_after_a_while_and_counts_as_censored(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = ServerAct.Never with { StopsIn = Ms(5) };
        await WinAsync(stage, fromStart);
        stage.Time.Advance(Ms(LeastPatience - 1));
        Assert.Equal((1, 1, 1), (stage.Server.Running, stage.Observed.Count, stage.LeftRunning));

        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.Equal(new(0, true, 0, 0, ((fromStart ? 10 : 60) + LeastPatience) / 1000, 0, 16, true, 0), stage.Observed[1]);
        // It is withdrawn, and what it holds is held until that is done.
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
        Assert.Equal(1, stage.Server.Withdrawn);
        Assert.Equal(2, stage.Observed.Count);
    }

    [Fact]
    public async Task A_slow_device_is_more_patient()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(190));
        var call = await stage.RaceAsync(Choice.Raced);
        stage.Time.Advance(Ms(190));
        await call.AnswerAsync();
        await UntilAsync(() => stage.Time.NextDue is not null);

        // The whole model took 200 ms.
        stage.Time.Advance(Ms(399));
        Assert.Single(stage.Observed);
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.Equal(0.59, stage.Observed[1].Offload, 1e-9);
    }

    [Fact]
    public async Task A_reply_at_the_last_moment_tells_the_same_once_whoever_is_first()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(10 + LeastPatience));
        await WinAsync(stage, fromStart: true);
        stage.Time.Advance(Ms(LeastPatience));
        await UntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
        Assert.Equal(2, stage.Observed.Count);
        Assert.Equal(0.11, stage.Observed[1].Offload, 1e-9);
    }

    [Fact]
    public async Task Two_are_waited_for_and_a_third_is_given_up_at_once()
    {
        await using var stage = await StageUnderTest.StartAsync();
        await WinAsync(stage, fromStart: true, request: 0);
        await WinAsync(stage, fromStart: true, request: 1);
        await WinAsync(stage, fromStart: true, request: 2);
        // No more than the time of the third has passed.
        await UntilAsync(() => stage.Observed.Count == 4);
        Assert.Equal(new(2, true, 0, 0, 0.01, 0, 16, true, 0), stage.Observed.Single(static told => told.IsLate));
        await UntilAsync(() => stage.Server is { Running: 2, Withdrawn: 1 });

        stage.Time.Advance(Ms(LeastPatience));
        await UntilAsync(() => stage.Observed.Count == 6);
        await UntilAsync(() => stage.LeftRunning == 0);
        // There is room again.
        stage.Server.Act = new(Ms(30));
        await WinAsync(stage, fromStart: true, request: 3);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Observed.Count == 8);
        Assert.True(stage.Observed[7] is { Request: 3, IsLate: true, IsCensored: false });
    }

    [Fact]
    public async Task An_answer_brings_back_a_server_that_was_down()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Then(new(Ms(30))).Then(new(TimeSpan.Zero, Fault.ConnectionLost));
        await WinAsync(stage, fromStart: true);
        var failing = await stage.SetOutAsync(Choice.Plain);
        await UntilAsync(() => stage.Device.Running == 1);
        Assert.NotNull(stage.ServerFailure);

        await stage.PassUntilAsync(() => failing.IsCompleted && stage.LeftRunning == 0);
        Assert.Null(stage.ServerFailure);
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task One_that_is_slow_says_nothing_against_a_server_that_has_answered_before()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Then(new(Ms(5)));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(Ms(5));
        await call.AnswerAsync();
        await WinAsync(stage, fromStart: true, request: 1);
        stage.Time.Advance(Ms(LeastPatience));
        await UntilAsync(() => stage.Observed.Count == 3);
        Assert.Null(stage.ServerFailure);
    }

    [Fact]
    public async Task A_first_request_that_is_never_answered_is_told_as_such()
    {
        await using var stage = await StageUnderTest.StartAsync();
        await WinAsync(stage, fromStart: false);
        stage.Time.Advance(Ms(LeastPatience));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.NotNull(stage.ServerFailure);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure));
        Assert.DoesNotContain("cancel", stage.ServerFailure.Message, StringComparison.OrdinalIgnoreCase);
    }

    // A request whose race the device wins; it has begun to wait for the reply.
    private static async Task WinAsync(StageUnderTest stage, bool fromStart, int request = 0)
    {
        var observed = stage.Observed.Count;
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)));
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync(request)).Source);
        Assert.True(stage.Observed.Count > observed);
    }
}
