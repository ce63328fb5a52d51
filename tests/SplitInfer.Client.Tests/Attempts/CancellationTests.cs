using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// A caller who cancels, wherever the request is just then: whatever ran for it has ended when the call does, since the inputs are
/// the caller's again, and nothing is learned from it.
/// </summary>
public class CancellationTests
{
    // Each side takes a moment to end once it is told to, which is when a call that does not wait for it would be seen.
    private static readonly TimeSpan StopsIn = Ms(4);

    [Fact]
    public async Task Before_it_begins()
    {
        await using var stage = await StartAsync();
        await AssertCancelledAsync(stage, stage.InferAsync(Choice.Raced, stop: new(canceled: true)));
    }

    [Theory]
    [InlineData(Segment.Head)]
    [InlineData(Segment.Whole)]
    internal async Task While_a_segment_that_it_needs_is_loaded(Segment segment)
    {
        await using var stage = await StageUnderTest.StartAsync(loaded: [], device: time => new(time) { LoadsSlowly = segment });
        using var stop = new CancellationTokenSource();
        var call = stage.InferAsync(segment == Segment.Head ? Choice.Raced : Choice.OnDevice, stop: stop.Token);
        await UntilAsync(() => stage.Device.Loading == 1);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        stage.Device.FinishLoading();
        await UntilAsync(() => stage.IsLoaded(segment));
        Assert.Equal(0, stage.Server.Received + stage.Device.Started(segment));
    }

    [Fact]
    public async Task While_the_head_runs()
    {
        await using var stage = await StartAsync();
        using var stop = new CancellationTokenSource();
        var call = stage.InferAsync(Choice.Raced, stop: stop.Token);
        await UntilAsync(() => stage.Device.Running == 1);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        Assert.Equal(0, stage.Server.Received);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task While_it_is_encoded_or_waits_for_a_place_to_be_sent(double lateAfterMilliseconds)
    {
        await using var stage = await StartAsync();
        stage.Server.Encoding = Ms(20);
        using var stop = new CancellationTokenSource();
        var call = await stage.SetOutAsync(Choice.Late(Ms(lateAfterMilliseconds)), stop: stop.Token);
        stage.Time.Advance(Ms(10));
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        Assert.Equal(1, stage.Server.Withdrawn);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task While_the_reply_is_waited_for(double lateAfterMilliseconds)
    {
        await using var stage = await StartAsync();
        using var stop = new CancellationTokenSource();
        var call = await stage.SetOutAsync(Choice.Late(Ms(lateAfterMilliseconds)), stop: stop.Token);
        stage.Time.Advance(Ms(30));
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        Assert.Equal((1, 0), (stage.Server.Withdrawn, stage.Device.Started(Segment.Tail)));
    }

    [Fact]
    public async Task While_the_reply_of_a_named_cut_is_waited_for()
    {
        await using var stage = await StartAsync();
        using var stop = new CancellationTokenSource();
        var call = await stage.SetOutAsync(Choice.Named, stop: stop.Token);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
    }

    [Theory]
    [InlineData(true, Segment.Tail)]
    [InlineData(false, Segment.Tail)]
    [InlineData(true, Segment.Whole)]
    [InlineData(false, Segment.Whole)]
    internal async Task In_a_race(bool fromStart, Segment segment)
    {
        await using var stage = await StartAsync(segment == Segment.Whole ? [Segment.Head, Segment.Whole] : null);
        using var stop = new CancellationTokenSource();
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)), stop.Token);
        Assert.Equal(1, stage.Device.Started(segment));
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        Assert.Equal((1, 1), (stage.Server.Withdrawn, stage.Device.Cancelled));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task In_a_race_of_which_one_side_has_failed(bool fromStart, bool isServerLeft)
    {
        await using var stage = await StartAsync();
        if (isServerLeft) stage.Device[Segment.Tail] = new(Ms(2), Fails: true);
        else stage.Server.Act = new(Ms(fromStart ? 2 : 52), Fault.ConnectionLost);
        using var stop = new CancellationTokenSource();
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)), stop.Token);
        stage.Time.Advance(Ms(2));
        await UntilAsync(() => stage.Device.Running + stage.Server.Running == 1);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task In_a_race_of_which_the_first_side_to_end_has_an_answer_all_the_same(bool fromStart, bool isServer)
    {
        await using var stage = await StartAsync();
        if (isServer) stage.Server.Act = stage.Server.Act with { StopsIn = StopsIn / 2, IsUnstoppable = true };
        else stage.Device[Segment.Tail] = stage.Device[Segment.Tail] with { StopsIn = StopsIn / 2, IsUnstoppable = true };
        using var stop = new CancellationTokenSource();
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)), stop.Token);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public async Task While_the_device_takes_over(double lateAfterMilliseconds)
    {
        await using var stage = await StartAsync();
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        using var stop = new CancellationTokenSource();
        var call = await stage.SetOutAsync(Choice.Late(Ms(lateAfterMilliseconds)), stop: stop.Token);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        await stop.CancelAsync();
        await AssertCancelledAsync(stage, call);
        // What was found out about the server before stays.
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
    }

    [Fact]
    public async Task What_waits_is_used_again_by_the_next_request_all_the_same()
    {
        await using var stage = await StartAsync();
        for (var request = 0; request < 3; request++)
        {
            stage.Server.Act = ServerAct.Never;
            using var stop = new CancellationTokenSource();
            var cancelled = await stage.SetOutAsync(Choice.Late(Ms(50)), stop: stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(FailureLimit));

            stage.Server.Act = new(Ms(20));
            var call = await stage.SetOutAsync(Choice.Late(Ms(50)));
            stage.Time.Advance(Ms(20));
            Assert.Equal(Source.Split, (await call.AnswerAsync((2 * request) + 1)).Source);
        }
    }

    private static async Task<StageUnderTest> StartAsync(Segment[]? loaded = null)
    {
        var stage = await StageUnderTest.StartAsync(loaded: loaded);
        stage.Server.Act = ServerAct.Never with { StopsIn = StopsIn };
        foreach (var segment in Enum.GetValues<Segment>()) stage.Device[segment] = stage.Device[segment] with { StopsIn = StopsIn };
        return stage;
    }

    private static async Task AssertCancelledAsync(StageUnderTest stage, Task<Answer> call)
    {
        if (stage.Device.Running + stage.Server.Running > 0)
        {
            Assert.False(call.IsCompleted);
            await stage.PassUntilAsync(() => call.IsCompleted);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(FailureLimit));
        Assert.Equal((0, 0), (stage.Device.Running, stage.Server.Running));
        Assert.Empty(stage.Observed);
        // A tail may be on its way into memory for the next race.
        await UntilAsync(() => stage.LeftRunning == 0);
        Assert.True(stage.IsAllReleased);
    }
}
