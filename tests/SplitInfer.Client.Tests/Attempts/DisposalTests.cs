using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A client may end at any time: with it ends all that it has begun, and the policy is told nothing more.</summary>
public class DisposalTests
{
    [Fact]
    public async Task When_nothing_ran()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
        Assert.Equal(1, stage.Server.TimesClosed);
    }

    [Fact]
    public async Task While_a_probe_is_out()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = ServerAct.Never with { StopsIn = Ms(3) };
        stage.Connect();
        await UntilAsync(() => stage.Server.Pinging == 1);
        var disposal = stage.DisposeAsync().AsTask();
        await UntilAsync(() => stage.Server.Stopping == 1);
        Assert.False(disposal.IsCompleted);
        await stage.PassUntilAsync(() => disposal.IsCompleted);
        await disposal.WaitAsync(FailureLimit);
        Assert.Equal((0, 1), (stage.Server.Pinging, stage.Server.TimesClosed));
        Assert.Null(stage.ServerFailure);

        // A visit afterwards begins nothing.
        stage.Connect();
        Assert.Equal(1, stage.Server.Pings);
    }

    [Fact]
    public async Task While_it_is_down()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Connect();
        await UntilAsync(() => stage.ServerFailure is not null);
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
        await UntilAsync(() => stage.Time.NextDue is null);
    }

    [Fact]
    public async Task While_late_replies_are_waited_for()
    {
        var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = ServerAct.Never with { StopsIn = Ms(3) };
        for (var request = 0; request < 2; request++)
        {
            var call = await stage.RaceAsync(Choice.Raced);
            stage.Time.Advance(Ms(10));
            await call.AnswerAsync(request);
        }

        var disposal = stage.DisposeAsync().AsTask();
        await UntilAsync(() => stage.Server.Stopping == 2);
        await stage.PassUntilAsync(() => disposal.IsCompleted);
        await disposal;
        Assert.True(stage is { Server: { Running: 0, Withdrawn: 2 }, LeftRunning: 0, IsAllReleased: true });
        Assert.Equal(2, stage.Observed.Count);
        await UntilAsync(() => stage.Time.NextDue is null);
    }

    [Fact]
    public async Task While_a_device_that_lost_a_race_has_yet_to_stop()
    {
        var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(10), StopsIn: Ms(4));
        stage.Server.Act = new(Ms(5));
        var call = await stage.RaceAsync(Choice.Raced);
        stage.Time.Advance(Ms(5));
        await call.AnswerAsync();

        var disposal = stage.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        stage.Time.Advance(Ms(4));
        await disposal.WaitAsync(FailureLimit);
        Assert.True(stage is { Device.Running: 0, LeftRunning: 0, IsAllReleased: true });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_both_sides_of_a_race_run_which_then_ends_like_any_other(bool fromStart)
    {
        var stage = await StageUnderTest.StartAsync();
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)));
        var disposal = stage.DisposeAsync().AsTask();
        await stage.PassUntilAsync(() => disposal.IsCompleted && call.IsCompleted);
        await disposal;
        // The transport is closed, which leaves the device.
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        await UntilAsync(() => stage is { Server.Running: 0, Device.Running: 0, LeftRunning: 0, IsAllReleased: true });
        await UntilAsync(() => stage.Time.NextDue is null);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task While_a_reply_is_waited_for_which_then_never_comes(double lateAfterMilliseconds)
    {
        var stage = await StageUnderTest.StartAsync();
        var call = await stage.SetOutAsync(Choice.Late(Ms(lateAfterMilliseconds)));
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
        await stage.PassUntilAsync(() => call.IsCompleted);
        // What was begun ends, as an answer of the device or as an error, but neither as withdrawn nor never.
        if (call.IsFaulted) Assert.Contains(StageUnderTest.FaultOf(call.Exception.InnerException!), (Fault[])[Fault.Closed, Fault.ConnectionLost]);
        else await call.AnswerAsync();
        Assert.True(stage is { Server.Running: 0, IsAllReleased: true });
    }

    [Fact]
    public async Task While_a_tail_is_loaded_for_the_next_race()
    {
        var stage = await StageUnderTest.StartAsync(loaded: [Segment.Head, Segment.Whole], device: time => new(time) { LoadsSlowly = Segment.Tail });
        stage.Server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Plain);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(30));
        await call.AnswerAsync();
        await UntilAsync(() => stage.Device.Loading == 1);
        var disposal = stage.DisposeAsync().AsTask();
        await TurnsAsync(100);
        Assert.False(disposal.IsCompleted);
        stage.Device.FinishLoading();
        await disposal.WaitAsync(FailureLimit);
        Assert.Equal(0, stage.Device.Loading);
    }

    [Fact]
    public async Task Twice()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        await stage.DisposeAsync();
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
    }

    [Fact]
    public async Task Twice_at_once_while_much_is_left()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true, probeInterval: TimeSpan.Zero);
        stage.Connect();
        await UntilAsync(() => !stage.IsServerAvoided);
        stage.Server.Ping = stage.Server.Act = ServerAct.Never with { StopsIn = Ms(3) };
        var call = await stage.RaceAsync(Choice.Raced);
        stage.Time.Advance(Ms(10));
        await call.AnswerAsync();
        await UntilAsync(() => stage.Server.Pinging == 1);
        var disposals = Task.WhenAll(stage.DisposeAsync().AsTask(), stage.DisposeAsync().AsTask());
        await stage.PassUntilAsync(() => disposals.IsCompleted);
        await disposals;
        Assert.True(stage is { Server: { Running: 0, Pinging: 0 }, LeftRunning: 0, IsAllReleased: true });
    }
}
