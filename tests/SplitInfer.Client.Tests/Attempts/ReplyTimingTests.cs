using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>When a reply comes before, at and after the moment from which it is late.</summary>
public class ReplyTimingTests
{
    private static readonly TimeSpan LateMoment = Ms(50);
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    [Fact]
    public async Task A_reply_is_waited_for_however_long_it_takes_where_nothing_is_late()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(TimeSpan.FromHours(1));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal((Source.Split, false, Fault.None), await EndAsync(call));
        Assert.Equal([new(0, false, 0.01, 0, 3600, ScriptedParts.RunSeconds, 16, false, 0)], stage.Observed);
        Assert.Equal(0, stage.Device.Started(Segment.Tail) + stage.Device.Started(Segment.Whole));
    }

    [Fact]
    public async Task A_reply_that_is_there_at_once_needs_no_timer()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(TimeSpan.Zero);
        var call = await stage.SetOutAsync(Choice.Late(LateMoment));
        Assert.Equal((Source.Split, false, Fault.None), await EndAsync(call));
        Assert.Equal(0, stage.Time.TimersSet);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    public async Task A_reply_that_is_in_time_is_not_raced(double earlyMilliseconds)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Time.TimersFireEarlyBy = Ms(earlyMilliseconds);
        stage.Server.Act = new(LateMoment - Instant);
        // Twice, since what waits is used again.
        for (var request = 0; request < 2; request++)
        {
            var call = await stage.SetOutAsync(Choice.Late(LateMoment));
            stage.Time.Advance(LateMoment - Instant);
            Assert.Equal((Source.Split, false, Fault.None), await EndAsync(call, request));
            Assert.Equal(new(request, false, 0.01, 0, (LateMoment - Instant).TotalSeconds, ScriptedParts.RunSeconds, 16, false, 0), stage.Observed[request]);
        }

        stage.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, stage.Observed.Count);
        Assert.Equal(0, stage.Device.Started(Segment.Tail));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    public async Task A_reply_at_the_very_moment_gives_one_right_result(double earlyMilliseconds)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Time.TimersFireEarlyBy = Ms(earlyMilliseconds);
        stage.Server.Act = new(LateMoment);
        var call = await stage.SetOutAsync(Choice.Late(LateMoment));
        stage.Time.Advance(LateMoment);

        var (source, _, fault) = await EndAsync(call);
        Assert.Equal((Source.Split, Fault.None), (source, fault));
        Assert.False(Assert.Single(stage.Observed).IsCensored);
    }

    [Fact]
    public async Task A_reply_that_is_late_but_faster_than_the_device_wins()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(LateMoment + Ms(3));
        var call = await stage.RaceAsync(Choice.Late(LateMoment));
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(3));

        Assert.Equal((Source.Split, true, Fault.None), await EndAsync(call));
        Assert.Equal([new(0, false, 0.01, 0, 0.053, ScriptedParts.RunSeconds, 16, false, 0)], stage.Observed);
        await UntilAsync(() => stage.Device is { Running: 0, Cancelled: 1 });
    }

    [Fact]
    public async Task A_device_that_overtakes_a_late_reply_wins_and_the_wait_counts_as_censored()
    {
        await using var stage = await StageUnderTest.StartAsync();
        var call = await stage.RaceAsync(Choice.Late(LateMoment));
        stage.Time.Advance(Ms(10));

        Assert.Equal((Source.Device, true, Fault.None), await EndAsync(call));
        var told = Assert.Single(stage.Observed);
        Assert.Equal(new(0, false, 0.01, 0, 0.06, 0, 0, true, 0.02), told);
        Assert.Null(stage.ServerFailure);
    }

    [Fact]
    public async Task A_timer_that_fires_early_neither_makes_a_reply_late_nor_spins()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Time.TimersFireEarlyBy = Ms(0.7);
        var call = await stage.SetOutAsync(Choice.Late(LateMoment));
        stage.Time.Advance(LateMoment - Ms(0.7));
        Assert.Equal(0, stage.Device.Started(Segment.Tail));

        // No more than a timer's own unit too late, with few timers on the way.
        stage.Time.Advance(Ms(2));
        await UntilAsync(() => stage.Device.Running == 1);
        Assert.InRange(stage.Time.TimersSet, 2, 3);
        stage.Time.Advance(Ms(10));
        Assert.Equal((Source.Device, true, Fault.None), await EndAsync(call));
    }

    [Theory]
    [InlineData(1e300)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_reply_that_is_never_late_is_waited_for_without_a_fault(double lateAfterSeconds)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(TimeSpan.FromMinutes(1));
        var call = await stage.SetOutAsync(new(Cut.Split, LateAfterSeconds: lateAfterSeconds));
        stage.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((Source.Split, false, Fault.None), await EndAsync(call));
    }

    [Fact]
    public async Task What_encoding_took_is_no_part_of_the_offload_in_a_reply_or_in_vain()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Encoding = Ms(2);
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Late(LateMoment));
        stage.Time.Advance(Ms(2));
        await UntilAsync(() => stage.Time.IsSetFor(stage.Time.Now + Ms(20)));
        stage.Time.Advance(Ms(20));
        await EndAsync(call);
        Assert.Equal(new(0, false, 0.01, 0.002, 0.02, ScriptedParts.RunSeconds, 16, false, 0), stage.Observed[0]);

        stage.Server.Act = ServerAct.Never;
        call = await stage.RaceAsync(Choice.Late(LateMoment));
        stage.Time.Advance(Ms(10));
        await EndAsync(call, request: 1);
        Assert.Equal(new(1, false, 0.01, 0.002, 0.058, 0, 0, true, 0.02), stage.Observed[1]);
    }

    private static async Task<(Source Source, bool IsRaced, Fault ServerFault)> EndAsync(Task<Answer> call, int request = 0)
    {
        var answer = await call.AnswerAsync(request);
        return (answer.Source, answer.IsRaced, answer.ServerFault);
    }
}
