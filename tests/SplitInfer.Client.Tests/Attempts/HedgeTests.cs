using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// Another variant, which takes the device 20 ms, stands in for a server that is not in time: the deadline is 100 ms after the call, the head takes 10 of
/// them, and the hedge begins 60 ms after the call unless said otherwise.
/// </summary>
public class HedgeTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    private static readonly Choice Hedged = Choice.Hedged(Ms(60));

    [Fact]
    public async Task A_reply_before_the_hedge_costs_the_device_nothing()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Server.Act = new(Ms(49));
        var call = await stage.SetOutAsync(Hedged, Deadline);
        stage.Time.Advance(Ms(49));
        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Split, false, 0), (answer.Source, answer.IsRaced, stage.StandIn.Started(Segment.Whole)));
    }

    [Fact]
    public async Task The_hedge_begins_when_it_was_planned_to_from_the_call_on()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        await SetOutHedgedAsync(stage);
        stage.Time.Advance(Ms(49));
        await TurnsAsync(16);
        Assert.Equal(0, stage.StandIn.Started(Segment.Whole));
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.StandIn.Running == 1);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(34)]
    public async Task A_better_answer_is_waited_for_up_to_the_deadline(double afterHedge)
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Server.Act = new(Ms(50 + afterHedge));
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(20) < Ms(afterHedge) ? Ms(20) : Ms(afterHedge));
        await TurnsAsync(16);
        if (afterHedge > 20)
        {
            Assert.False(call.IsCompleted);
            stage.Time.Advance(Ms(afterHedge - 20));
        }

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Split, true), (answer.Source, answer.IsRaced));
        // What the device took teaches as well, where it was done.
        Assert.Equal([new(0, false, 0.01, 0, 0.05 + (afterHedge / 1000), ScriptedParts.RunSeconds, 16, false, afterHedge > 20 ? 0.02 : 0)], stage.Observed);
        await UntilAsync(() => stage.IsAllReleased);
    }

    [Fact]
    public async Task Without_one_the_device_answers_shortly_before_the_deadline()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Server.Act = new(Ms(150));
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.StandIn.Running == 0 && stage.Time.IsSetFor(Ms(95)));
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(15));

        var answer = await call;
        Assert.Equal((Source.Device, true, Fault.None), (answer.Source, answer.IsRaced, answer.ServerFault));
        Assert.Equal(Other(request: 0), answer.Outputs);
        Assert.Equal([new(0, false, 0.01, 0, 0.085, 0, 0, true, 0.02)], stage.Observed);
        Assert.Equal([1], stage.Locals);
        // The server still teaches.
        stage.Time.Advance(Ms(65));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.Equal(new(0, true, 0, 0, 0.15, ScriptedParts.RunSeconds, 16, false, 0), stage.Observed[1]);
        await UntilAsync(() => stage.IsAllReleased);
    }

    [Fact]
    public async Task An_answer_that_is_held_back_is_given_though_the_timer_of_the_deadline_fires_early()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Server.Act = new(Ms(150));
        stage.Time.TimersFireEarlyBy = Ms(6);
        var call = stage.InferAsync(Hedged, Deadline);
        stage.Time.TimersFireEarlyBy = TimeSpan.Zero;
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Time.IsSetFor(Ms(60)));
        stage.Time.Advance(Ms(50));
        await UntilAsync(() => stage.StandIn.Running == 1);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.StandIn.Running == 0 && stage.Time.IsSetFor(Ms(95)));
        stage.Time.Advance(Ms(14));
        await TurnsAsync(16);
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(1));
        Assert.Equal(Other(request: 0), (await call.WaitAsync(FailureLimit)).Outputs);
    }

    [Fact]
    public async Task A_device_that_ends_in_the_last_moment_is_in_time()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.StandIn[Segment.Whole] = new(Ms(39));
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(39));
        var answer = await call.WaitAsync(FailureLimit);
        Assert.Equal(Source.Device, answer.Source);
        Assert.Equal(Other(request: 0), answer.Outputs);
    }

    [Fact]
    public async Task A_device_that_does_not_ends_with_the_deadline()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.StandIn[Segment.Whole] = new(Ms(50));
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(40));
        Assert.Equal(Fault.TimedOut, StageUnderTest.FaultOf(await Assert.ThrowsAnyAsync<Exception>(() => call)));
        await UntilAsync(() => stage is { IsAllReleased: true, StandIn.Cancelled: 1 });
    }

    [Fact]
    public async Task A_server_that_fails_beside_the_hedge_leaves_its_answer()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Server.Act = new(Ms(55), Fault.ServerFailed);
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(5));
        await UntilAsync(() => stage.Server.Running == 0);
        stage.Time.Advance(Ms(15));
        var answer = await call;
        Assert.Equal((Source.Device, Fault.ServerFailed), (answer.Source, answer.ServerFault));
        Assert.Equal(Other(request: 0), answer.Outputs);
    }

    [Fact]
    public async Task A_hedge_that_fails_leaves_the_server()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.StandIn[Segment.Whole] = new(Ms(20), Fails: true);
        stage.Server.Act = new(Ms(80));
        var call = await HedgeAsync(stage);
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Split, (await call.AnswerAsync()).Source);
    }

    /// <summary>With 80 ms left either variant would do; with 15 only the faster one might.</summary>
    [Theory]
    [InlineData(10, 0)]
    [InlineData(45, 1)]
    public async Task A_server_that_fails_early_is_replaced_by_the_most_accurate_variant_that_is_in_time(double after, int variant)
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Device[Segment.Tail] = new(Ms(50));
        stage.Device[Segment.Whole] = new(Ms(75));
        stage.KnowTheDevice();
        stage.Server.Act = new(Ms(after), Fault.ServerFailed);
        var call = await stage.SetOutAsync(Choice.Plain, Deadline);
        stage.Time.Advance(Ms(after));
        var runs = variant == 0 ? stage.Device : stage.StandIn;
        await UntilAsync(() => runs.Running == 1);
        stage.Time.Advance(Ms(variant == 0 ? 50 : 20));
        var answer = await call.WaitAsync(FailureLimit);
        Assert.Equal((Source.Device, Fault.ServerFailed), (answer.Source, answer.ServerFault));
        Assert.Equal(variant == 0 ? ThreeStages.Output(0) : Other(request: 0), answer.Outputs);
        Assert.Equal([variant], stage.Locals);
    }

    [Fact]
    public async Task Where_nothing_is_planned_the_fastest_variant_rescues_as_late_as_it_can()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Device[Segment.Whole] = new(Ms(75));
        stage.KnowTheDevice();
        var call = await stage.SetOutAsync(Choice.Plain, Deadline);
        await UntilAsync(() => stage.Time.NextDue < Deadline);
        await stage.PassUntilAsync(() => stage.StandIn.Running == 1);
        // 100 − 1.1 × 20 − 10 for timers and threads.
        Assert.Equal(68, stage.Time.Now.TotalMilliseconds, 0.01);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.StandIn.Running == 0 && stage.Time.NextDue < Deadline);
        Assert.False(call.IsCompleted);
        await stage.PassUntilAsync(() => call.IsCompleted);
        Assert.Equal(95, stage.Time.Now.TotalMilliseconds, 0.01);
        Assert.Equal(Other(request: 0), (await call.WaitAsync(FailureLimit)).Outputs);
    }

    [Fact]
    public async Task A_reply_that_is_late_with_time_to_spare_leaves_what_was_decided()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.Device[Segment.Whole] = new(Ms(75));
        stage.KnowTheDevice();
        var call = await stage.SetOutAsync(Choice.Late(Ms(10)), Deadline);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        Assert.Equal(0, stage.StandIn.Started(Segment.Whole));
    }

    /// <summary>What was to stand in is loaded for the next time, when the device has nothing else to do.</summary>
    [Fact]
    public async Task A_variant_that_is_not_loaded_does_not_stand_in_where_another_one_is()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true, isStandInLoaded: false);
        stage.KnowTheDevice();
        var call = await SetOutHedgedAsync(stage);
        stage.Time.Advance(Ms(50));
        await UntilAsync(() => stage.Device.Running == 1);
        Assert.Equal(0, stage.StandIn.Loading);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);

        await UntilAsync(() => stage.StandIn.Loading == 1);
        stage.StandIn.FinishLoading();
        await UntilAsync(() => stage.IsStandInLoaded);
        stage.Server.Act = new(Ms(60));
        call = await stage.SetOutAsync(Hedged, Deadline);
        await UntilAsync(() => stage.Time.IsSetFor(stage.Time.Now + Ms(50)));
        stage.Time.Advance(Ms(50));
        await UntilAsync(() => stage.StandIn.Running == 1);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Split, (await call.AnswerAsync(request: 1)).Source);
    }

    [Fact]
    public async Task A_stand_in_that_does_not_load_says_nothing_of_the_cut()
    {
        await using var stage = await StageUnderTest.StartAsync(loaded: [Segment.Head], hasStandIn: true, isStandInLoaded: false, standInRefuses: Segment.Whole);
        stage.Server.Act = new(Ms(5), Fault.ServerFailed);
        var call = await SetOutHedgedAsync(stage);
        stage.Time.Advance(Ms(5));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        Assert.Empty(stage.Masked);
    }

    private static float[] Other(int request) => [.. ThreeStages.Output(request).Select(static value => -value)];

    // Past the head, with the timer of the hedge set.
    private static async Task<Task<Answer>> SetOutHedgedAsync(StageUnderTest stage)
    {
        var call = await stage.SetOutAsync(Hedged, Deadline);
        await UntilAsync(() => stage.Time.IsSetFor(Ms(60)));
        return call;
    }

    // Up to the moment at which the hedge has begun.
    private static async Task<Task<Answer>> HedgeAsync(StageUnderTest stage)
    {
        var call = await SetOutHedgedAsync(stage);
        stage.Time.Advance(Ms(50));
        await UntilAsync(() => stage.StandIn.Running == 1);
        return call;
    }
}
