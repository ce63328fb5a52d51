using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Both sides run the tail; the device takes 10 ms for it and 30 ms for the whole model.</summary>
public class RaceTests
{
    /// <summary>How a race begins: at once, or once the reply is late.</summary>
    public static TheoryData<bool> Beginnings => [true, false];

    private static Choice Begun(bool fromStart) => fromStart ? Choice.Raced : Choice.Late(Ms(50));

    [Fact]
    public async Task The_device_is_first_and_nothing_is_said_of_the_server_yet()
    {
        await using var stage = await StageUnderTest.StartAsync();
        var call = await stage.RaceAsync(Choice.Raced);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, true, Fault.None), (answer.Source, answer.IsRaced, answer.ServerFault));
        Assert.Equal([new(0, false, 0.01, 0, 0, 0, 0, false, 0.02)], stage.Observed);
    }

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task The_server_is_first_and_the_device_is_stopped(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(fromStart ? 5 : 55));
        stage.Device[Segment.Tail] = new(Ms(10), StopsIn: Ms(7));
        var call = await stage.RaceAsync(Begun(fromStart));
        stage.Time.Advance(Ms(5));

        // The caller has the result, and has changed its inputs, while the device has yet to stop.
        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Split, true, Fault.None), (answer.Source, answer.IsRaced, answer.ServerFault));
        Assert.Equal([new(0, false, 0.01, 0, fromStart ? 0.005 : 0.055, ScriptedParts.RunSeconds, 16, false, 0)], stage.Observed);
        Assert.Equal((1, 1), (stage.Device.Running, stage.LeftRunning));
        stage.Time.Advance(Ms(7));
        await UntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true, Device.Cancelled: 1 });
        Assert.Single(stage.Observed);
    }

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task A_device_without_the_tail_runs_the_whole_model_and_loads_the_tail_for_the_next_time(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync(loaded: [Segment.Head, Segment.Whole]);
        var call = await stage.RaceAsync(Begun(fromStart));
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        Assert.Equal(0.03, stage.Observed[0].Device);
        Assert.Equal((0, 1), (stage.Device.Started(Segment.Tail), stage.Device.Started(Segment.Whole)));

        await UntilAsync(() => stage.IsLoaded(Segment.Tail));
        call = await stage.RaceAsync(Begun(fromStart));
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync(request: 1)).Source);
        Assert.Equal((1, 1), (stage.Device.Started(Segment.Tail), stage.Device.Started(Segment.Whole)));
    }

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task The_device_fails_and_then_the_server_answers(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(10), Fails: true);
        stage.Server.Act = new(Ms(fromStart ? 20 : 70));
        var call = await stage.RaceAsync(Begun(fromStart));
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Device.Running == 0);
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Split, Fault.None), (answer.Source, answer.ServerFault));
        Assert.Equal([new(0, false, 0.01, 0, fromStart ? 0.02 : 0.07, ScriptedParts.RunSeconds, 16, false, 0)], stage.Observed);
        Assert.Null(stage.ServerFailure);
    }

    [Theory]
    [MemberData(nameof(Beginnings))]
    public async Task The_server_fails_and_then_the_device_answers(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(fromStart ? 4 : 54), Fault.ConnectionLost);
        var call = await stage.RaceAsync(Begun(fromStart));
        stage.Time.Advance(Ms(4));
        await UntilAsync(() => stage.ServerFailure is not null);
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(6));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, true, Fault.ConnectionLost), (answer.Source, answer.IsRaced, answer.ServerFault));
        var told = Assert.Single(stage.Observed);
        Assert.Equal(new(0, false, 0.01, 0, told.Offload, 0, ThreeStages.Size * 4, true, 0.02), told);
        // When the wait is measured, the clock may already have moved on.
        Assert.InRange(told.Offload, fromStart ? 0.004 : 0.054, fromStart ? 0.01 : 0.06);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.Equal(0, stage.LeftRunning);
        Assert.Equal(1, stage.Device.Started(Segment.Tail));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Both_fail_in_either_order_and_the_caller_is_told_of_the_device(bool fromStart, bool isDeviceFirst)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(10), Fails: true);
        stage.Server.Act = new(Ms((fromStart ? 0 : 50) + (isDeviceFirst ? 15 : 5)), Fault.ServerFailed);
        var call = await stage.RaceAsync(Begun(fromStart));
        await stage.PassUntilAsync(() => call.IsCompleted);

        var error = await Assert.ThrowsAnyAsync<SplitInferException>(() => call);
        Assert.Equal(Fault.DeviceFailed, StageUnderTest.FaultOf(error));
        Assert.True(Assert.Single(stage.Observed) is { IsCensored: true, Device: 0 });
        Assert.Equal(Fault.ServerFailed, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.True(stage is { IsAllReleased: true, LeftRunning: 0, Device.Running: 0, Server.Running: 0 });
    }

    [Fact]
    public async Task A_device_that_failed_in_a_race_is_not_asked_again()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(10), Fails: true);
        stage.Server.Act = new(Ms(15), Fault.ServerFailed);
        var call = await stage.RaceAsync(Choice.Raced);
        await stage.PassUntilAsync(() => call.IsCompleted);
        await Assert.ThrowsAnyAsync<SplitInferException>(() => call);
        Assert.Equal(1, stage.Device.Started(Segment.Tail));
    }

    [Fact]
    public async Task Inputs_that_cross_as_they_are_may_change_while_the_reply_is_still_out()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(40));
        var call = await stage.SetOutAsync(new(Cut.AllOnServer, IsRaced: true));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);

        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.False(stage.Observed[1].IsCensored);
        Assert.Equal(0.04, stage.Observed[1].Offload, 1e-9);
        Assert.Equal(ThreeStages.Output(0), stage.Server.LastAnswer);
        await UntilAsync(() => stage.IsAllReleased);
    }

    [Fact]
    public async Task A_server_that_wins_all_of_a_model_is_the_source()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20));
        stage.Device[Segment.Whole] = new(Ms(30), StopsIn: Ms(3));
        var call = await stage.SetOutAsync(new(Cut.AllOnServer, IsRaced: true));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(20));
        Assert.Equal(Source.Server, (await call.AnswerAsync()).Source);
        stage.Time.Advance(Ms(3));
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0 });
    }
}
