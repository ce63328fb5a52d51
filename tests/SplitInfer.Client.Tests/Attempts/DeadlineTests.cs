using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A deadline bounds the whole call, from its beginning, and is a time that has run out for whoever catches it.</summary>
public class DeadlineTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    [Fact]
    public async Task The_head_is_a_part_of_it()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Head] = new(Ms(95));
        stage.Server.Act = new(Ms(50));
        var call = await stage.SetOutAsync(Choice.Plain, Deadline);
        stage.Time.Advance(Ms(5));
        await AssertPassedAsync(stage, call);
    }

    [Fact]
    public async Task It_ends_a_head_that_takes_longer()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Head] = new(Ms(200));
        var call = stage.InferAsync(Choice.Plain, Deadline);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Deadline);
        await AssertPassedAsync(stage, call);
        Assert.Equal(0, stage.Server.Received);
    }

    [Fact]
    public async Task It_ends_a_device_that_takes_longer()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Whole] = new(Ms(200));
        var call = stage.InferAsync(Choice.OnDevice, Deadline);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Deadline);
        await AssertPassedAsync(stage, call);
    }

    [Fact]
    public async Task It_ends_a_fallback_that_takes_longer()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(200));
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Plain, Deadline);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(70));
        await AssertPassedAsync(stage, call, Fault.ConnectionLost);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_ends_a_race_that_takes_longer(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Tail] = new(Ms(200));
        var call = stage.InferAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)), Deadline);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 1 && (!fromStart || stage.Device.Running == 1));
        if (!fromStart)
        {
            stage.Time.Advance(Ms(50));
            await UntilAsync(() => stage.Device.Running == 1);
        }

        stage.Time.Advance(Ms(90));
        await AssertPassedAsync(stage, call);
    }

    /// <summary>An engine stops between two nodes, so a run of one node ends as late as it likes.</summary>
    [Theory]
    [InlineData(4, true)]
    [InlineData(201, false)]
    public async Task An_answer_of_a_run_that_cannot_be_stopped_is_none_when_it_comes_later(double after, bool isAnswer)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Whole] = new(Ms(300), StopsIn: Ms(after), IsUnstoppable: true);
        var call = stage.InferAsync(Choice.OnDevice, Deadline);
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Deadline);
        await UntilAsync(() => stage.Time.IsSetFor(Deadline + Ms(after)));
        stage.Time.Advance(Ms(after));
        if (isAnswer) await call.AnswerAsync();
        else Assert.Equal(Fault.TimedOut, StageUnderTest.FaultOf(await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(FailureLimit))));
        // What it took teaches all the same.
        Assert.Equal(0.1 + (after / 1000), Assert.Single(stage.Observed).Head, 1e-9);
        Assert.True(stage.IsAllReleased);
    }

    [Fact]
    public async Task A_timer_that_fires_early_takes_nothing_off_it()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Device[Segment.Whole] = new(Ms(97));
        stage.Time.TimersFireEarlyBy = Ms(4.7);
        // Twice, since what waits is used again.
        for (var request = 0; request < 2; request++)
        {
            var call = stage.InferAsync(Choice.OnDevice, Deadline);
            await UntilAsync(() => stage.Device.Running == 1);
            stage.Time.Advance(Ms(97));
            await call.AnswerAsync(request);
        }
    }

    private static async Task AssertPassedAsync(StageUnderTest stage, Task<Answer> call, Fault server = Fault.None)
    {
        var passed = await Assert.ThrowsAnyAsync<TimeoutException>(() => call.WaitAsync(FailureLimit));
        Assert.Contains("100 ms", passed.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (stage.Device.Running, stage.Server.Running));
        Assert.True(stage.IsAllReleased);
        // Who was slow is not the server's fault alone.
        Assert.Equal(server, stage.ServerFailure is { } failure ? StageUnderTest.FaultOf(failure) : Fault.None);
        var told = Assert.Single(stage.Observed);
        Assert.Equal((stage.Server.Received > 0, 0.0), (told.IsCensored, told.Device));
    }
}
