using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// A deadline of 100 ms, by which what exits have said is given where nothing better is there. The head takes 10 ms; the tail, from either cut, and the way from the first cut to the second take what a test says.
/// The device is known to take that long.
/// </summary>
public class AnytimeTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    private const Cut BehindTheExit = (Cut)ScriptedExits.Second;

    private static readonly ScriptedExit[] One = [new(0.6)], Two = [new(0.6), new(0.8)], Worse = [new(0.8), new(0.6)], SureAtSecond = [new(0.6), new(0.95)];

    [Fact]
    public async Task What_the_exit_has_said_is_given_where_neither_side_has_more_by_the_deadline()
    {
        await using var stage = await StartAsync(One, tail: 300);
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((Source.Device, 1, Fault.None, false), (answer.Source, answer.Exit, answer.ServerFault, answer.IsRaced));
        Assert.Equal(ScriptedExits.Output(1, 0.6), answer.Outputs);
        Assert.InRange(stage.Time.Now, Ms(90), Deadline);
        // The policy is told that it answered as the setting does that always answers.
        Assert.Equal((2, 0.6), (stage.Exits[0].Exit, Math.Round(stage.Exits[0].Confidence, 5)));
    }

    [Theory]
    [InlineData(90)]
    [InlineData(20)]
    public async Task The_server_has_until_then(int replies)
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 10);
        stage.Server.Act = new(Ms(replies - 10));
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((Source.Split, 0), (answer.Source, answer.Exit));
        Assert.InRange(stage.Time.Now, Ms(replies), Deadline);
        Assert.Equal(ThreeStages.Output(0), answer.Outputs);
    }

    [Fact]
    public async Task The_device_runs_the_rest_where_there_is_time_for_it_and_as_late_as_can_be()
    {
        await using var stage = await StartAsync(Two, tail: 20);
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((Source.Device, 0, true), (answer.Source, answer.Exit, answer.IsRaced));
        Assert.Equal(ThreeStages.Output(0), answer.Outputs);
        Assert.Equal(0, stage.Device.Started(Segment.Middle));
        Assert.InRange(stage.Time.Now, Ms(80), Deadline);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_device_goes_on_to_the_next_exit_where_there_is_time_for_no_more(bool isServerLost)
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 30);
        stage.Server.Act = isServerLost ? new(Ms(15), Fault.ConnectionLost) : ServerAct.Never;
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((Source.Device, 2), (answer.Source, answer.Exit));
        Assert.Equal(ScriptedExits.Output(2, 0.8), answer.Outputs);
        Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline);
    }

    [Fact]
    public async Task A_surer_answer_is_not_given_up_for_one_of_a_later_exit()
    {
        await using var stage = await StartAsync(Worse, tail: 300, middle: 30);
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((1, 1), (answer.Exit, stage.Device.Started(Segment.Middle)));
    }

    [Theory]
    [InlineData(0.95, 2, true)]
    [InlineData(0.8, 2, false)]
    [InlineData(0.95, 0, null)]
    public async Task The_policy_is_told_whether_the_exit_of_what_stands_in_answered(double sure, int local, bool? told)
    {
        await using var stage = await StartAsync([new(0.6), new(sure)], tail: 300, middle: 30);
        var answer = await PassAsync(stage, Choice.Exiting with { LocalExit = local });
        Assert.Equal((Source.Device, 2), (answer.Source, answer.Exit));
        Assert.Equal(told, stage.LocalExits[0]);
    }

    [Fact]
    public async Task An_exit_of_what_stands_in_that_the_device_did_not_come_to_tells_nothing()
    {
        await using var stage = await StartAsync(SureAtSecond, tail: 20);
        Assert.Equal(0, (await PassAsync(stage, Choice.Exiting with { LocalExit = 2 })).Exit);
        Assert.Null(stage.LocalExits[0]);
    }

    [Fact]
    public async Task A_later_exit_that_is_sure_ends_the_request()
    {
        await using var stage = await StartAsync(SureAtSecond, tail: 300, middle: 30);
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal((Source.Device, 2), (answer.Source, answer.Exit));
        Assert.InRange(stage.Time.Now, Ms(40), Deadline);
    }

    [Fact]
    public async Task A_later_exit_does_not_answer_for_an_arm_without_one_as_long_as_the_server_may()
    {
        await using var stage = await StartAsync(SureAtSecond, tail: 300, middle: 30);
        stage.Server.Act = new(Ms(60));
        Assert.Equal(0, (await PassAsync(stage, Choice.Plain)).Exit);
    }

    [Fact]
    public async Task A_way_that_is_not_loaded_is_loaded_for_the_next_time()
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 30, loaded: [Segment.Head, Segment.Tail, Segment.Whole]);
        Assert.Equal(1, (await PassAsync(stage, Choice.Exiting)).Exit);
        await UntilAsync(() => stage.IsLoaded(Segment.Middle));
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);
    }

    [Fact]
    public async Task A_device_that_takes_longer_than_it_is_known_to_does_not_make_the_answer_late()
    {
        await using var stage = await StartAsync(One, tail: 20);
        stage.Device[Segment.Tail] = new(Ms(500), StopsIn: Ms(100));
        var answer = await PassAsync(stage, Choice.Exiting);
        Assert.Equal(1, answer.Exit);
        Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline);
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
    }

    [Fact]
    public async Task On_the_device_alone_it_is_the_same()
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 30);
        var answer = await PassAsync(stage, Choice.ExitingOnDevice);
        Assert.Equal((Source.Device, 2, 0), (answer.Source, answer.Exit, stage.Server.Received));
        Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline);
    }

    [Theory]
    [InlineData(300, 1, 0)]
    [InlineData(20, 0, 1)]
    public async Task A_device_that_has_no_time_for_the_whole_model_goes_by_way_of_exits(int tail, int exit, int wholes)
    {
        await using var stage = await StartAsync(One, tail);
        var answer = await PassAsync(stage, new(Cut.AllOnDevice));
        Assert.Equal((Source.Device, exit, wholes), (answer.Source, answer.Exit, stage.Device.Started(Segment.Whole)));
        Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline);
    }

    /// <summary>A cut behind an exit that it has not asked, at a server that does not answer: the head alone would leave the device without any answer.</summary>
    [Theory]
    [InlineData(300, true, 1)]
    [InlineData(300, false, 0)]
    [InlineData(20, true, 0)]
    public async Task A_device_that_has_no_time_for_the_whole_model_asks_the_exits_on_the_way_to_a_cut(int tail, bool isWayLoaded, int exit)
    {
        await using var stage = await StartAsync(One, tail, loaded: isWayLoaded ? null : [Segment.Head, Segment.Tail, Segment.Whole]);
        stage.Server.Act = ServerAct.Never;
        var call = PassAsync(stage, new(BehindTheExit));
        if (isWayLoaded) Assert.Equal((Source.Device, exit), ((await call).Source, (await call).Exit));
        else await Assert.ThrowsAnyAsync<TimeoutException>(() => call);
        Assert.Equal(tail > 100 && isWayLoaded ? 1 : 0, stage.Device.Started(Segment.Middle));
        if (tail < 100) return;

        // What was not loaded is by the next time.
        await UntilAsync(() => stage.IsLoaded(Segment.Middle));
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        var began = stage.Time.Now;
        var answer = await PassAsync(stage, new(BehindTheExit), request: 1);
        Assert.Equal((Source.Device, 1), (answer.Source, answer.Exit));
        Assert.InRange(stage.Time.Now - began, TimeSpan.Zero, Deadline);
    }

    [Theory]
    [InlineData(0.6, true)]
    [InlineData(0.61, false)]
    [InlineData(1, false)]
    public async Task A_request_that_asks_for_more_is_not_given_less(double minQuality, bool isGiven)
    {
        await using var stage = await StartAsync([new(0.6000001)], tail: 300);
        var call = PassAsync(stage, Choice.Exiting with { MinQuality = minQuality });
        if (isGiven) Assert.Equal(1, (await call).Exit);
        else await Assert.ThrowsAnyAsync<TimeoutException>(() => call);
    }

    [Theory]
    [InlineData(0.6)]
    [InlineData(0.95)]
    public async Task What_an_exit_says_after_the_deadline_is_told_to_nobody(double confidence)
    {
        await using var stage = await StartAsync([new(confidence)], tail: 300);
        stage.Device[Segment.Head] = new(Ms(300), StopsIn: Ms(200), IsUnstoppable: true);
        var answers = new List<Answer>();
        var call = stage.InferProgressiveAsync(Choice.Plain, answers.Add, deadline: Deadline);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 400);
        await Assert.ThrowsAnyAsync<TimeoutException>(() => call);
        Assert.Empty(answers);
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
    }

    [Fact]
    public async Task A_certain_exit_is_not_given_to_who_asks_for_the_model_itself()
    {
        // So sure that single precision tells it from certain no more.
        await using var stage = await StartAsync([new(1 - 1e-16)], tail: 300);
        await Assert.ThrowsAnyAsync<TimeoutException>(() => PassAsync(stage, Choice.Exiting with { MinQuality = 1 }));
    }

    [Fact]
    public async Task Whoever_wants_errors_of_servers_gets_them_at_the_deadline_too()
    {
        await using var stage = await StageUnderTest.StartAsync(exits: One, onServerFailure: OnServerFailure.Throw);
        await Assert.ThrowsAnyAsync<TimeoutException>(() => PassAsync(stage, Choice.Exiting));
    }

    [Fact]
    public async Task A_caller_who_leaves_gets_nothing_and_leaves_nothing_behind()
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 30);
        using var caller = new CancellationTokenSource();
        var call = stage.InferAsync(Choice.Exiting, Deadline, caller.Token);
        await UntilAsync(() => stage.Device.Started(Segment.Head) == 1);
        stage.Time.Advance(Ms(10));
        await stage.PassUntilAsync(() => stage.Device.Started(Segment.Middle) == 1);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(FailureLimit));
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
        Assert.Empty(stage.Observed);
    }

    [Fact]
    public async Task A_device_that_was_slow_once_is_tried_again()
    {
        await using var stage = await StartAsync(One, tail: 300);
        Assert.Equal(1, (await PassAsync(stage, new(Cut.AllOnDevice))).Exit);
        (stage.Device[Segment.Tail], stage.Device[Segment.Whole]) = (new(Ms(20)), new(Ms(30)));
        var answer = await PassAsync(stage, new(Cut.AllOnDevice), request: 1);
        for (var request = 2; request < 20 && answer.Exit > 0; request++) answer = await PassAsync(stage, new(Cut.AllOnDevice), request);
        Assert.Equal(0, answer.Exit);

        // It then knows better, and does without exits.
        var tails = stage.Device.Started(Segment.Tail);
        for (var request = stage.Requests; request < 25; request++) Assert.Equal(0, (await PassAsync(stage, new(Cut.AllOnDevice), request)).Exit);
        Assert.Equal(tails, stage.Device.Started(Segment.Tail));
    }

    [Fact]
    public async Task A_way_that_was_slow_once_is_tried_again()
    {
        await using var stage = await StartAsync(Two, tail: 300, middle: 300);
        Assert.Equal(1, (await PassAsync(stage, Choice.ExitingOnDevice)).Exit);
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        // With less time left than it took before it was stopped.
        (stage.Device[Segment.Head], stage.Device[Segment.Middle]) = (new(Ms(30)), new(Ms(10)));
        var answer = await PassAsync(stage, Choice.ExitingOnDevice, request: 1);
        for (var request = 2; request < 20 && answer.Exit == 1; request++) answer = await PassAsync(stage, Choice.ExitingOnDevice, request);
        Assert.Equal(2, answer.Exit);
    }

    [Fact]
    public async Task A_device_that_stays_too_slow_is_tried_ever_more_rarely_and_makes_nothing_late()
    {
        await using var stage = await StartAsync(One, tail: 300);
        for (var request = 0; request < 60; request++)
        {
            var began = stage.Time.Now;
            Assert.Equal(1, (await PassAsync(stage, Choice.ExitingOnDevice, request)).Exit);
            Assert.InRange(stage.Time.Now - began, TimeSpan.Zero, Deadline);
            await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        }

        Assert.InRange(stage.Device.Started(Segment.Tail), 2, 3);
    }

    /// <summary>Each time the device is in vain by 10 to 20 ms, while a request earns it little. It may take a moment to stop.</summary>
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.15, 3, 0)]
    [InlineData(0.15, 3, 5)]
    [InlineData(1, 20, 0)]
    public async Task What_the_device_runs_in_vain_is_bounded(double share, int most, int stopsIn)
    {
        await using var stage = await StartAsync(One, tail: 20, maxExtraWork: share);
        stage.Device[Segment.Tail] = new(Ms(20), StopsIn: Ms(stopsIn));
        for (var request = 0; request < 20; request++)
        {
            stage.Server.Act = new(Ms(75));
            var answer = await PassAsync(stage, Choice.Exiting, request);
            Assert.Equal((Source.Split, 0), (answer.Source, answer.Exit));
            await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        }

        Assert.InRange(stage.Device.Started(Segment.Tail), Math.Min(most, 1), most);
    }

    /// <summary>The server is faster than the device, which begins beside it at once or 5 ms later, so that it is in vain by 10 or 5 ms.</summary>
    [Theory]
    [InlineData(true, 0, 0)]
    [InlineData(true, 0.15, 5)]
    [InlineData(true, 1, 20)]
    [InlineData(false, 0, 0)]
    [InlineData(false, 0.15, 8)]
    [InlineData(false, 1, 20)]
    public async Task So_is_what_it_runs_in_races_that_the_policy_asks_for(bool isRaced, double share, int most)
    {
        await using var stage = await StartAsync(One, tail: 60, maxExtraWork: share);
        for (var request = 0; request < 20; request++)
        {
            stage.Server.Act = new(Ms(10));
            var answer = await PassAsync(stage, Choice.Exiting with { IsRaced = isRaced, LateAfterSeconds = isRaced ? 0 : 0.005 }, request);
            Assert.Equal((Source.Split, 0), (answer.Source, answer.Exit));
            await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        }

        Assert.InRange(stage.Device.Started(Segment.Tail), Math.Min(most, 1), most);
    }

    private static async Task<StageUnderTest> StartAsync(ScriptedExit[] exits, double tail, double middle = 10, Segment[]? loaded = null, double maxExtraWork = 1)
    {
        var stage = await StageUnderTest.StartAsync(exits: exits, loaded: loaded, maxExtraWork: maxExtraWork);
        (stage.Device[Segment.Tail], stage.Device[Segment.Middle], stage.Device[Segment.Whole]) = (new(Ms(tail)), new(Ms(middle)), new(Ms(10 + tail)));
        stage.KnowTheDevice();
        return stage;
    }

    private static async Task<Answer> PassAsync(StageUnderTest stage, Choice choice, int request = 0)
    {
        var call = stage.InferAsync(choice, Deadline);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 400);
        var answer = await call;
        if (answer.Exit == 0) Assert.Equal(ThreeStages.Output(request), answer.Outputs);
        return answer;
    }
}
