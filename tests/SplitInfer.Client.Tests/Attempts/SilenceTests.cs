using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A server that shows no sign of life while it owes a reply: after a second the device begins beside it.</summary>
public class SilenceTests
{
    [Fact]
    public async Task The_device_begins_after_a_second_of_silence_and_the_result_says_so()
    {
        await using var stage = await StartAsync();
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Server.SilentSince = stage.Time.Now;
        stage.Time.Advance(Ms(999));
        await TurnsAsync(50);
        Assert.Equal(0, stage.Device.Running);
        stage.Time.Advance(Ms(2));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync(request: 1);
        Assert.Equal((Source.Device, true, Fault.ConnectionLost), (answer.Source, answer.IsRaced, answer.ServerFault));
        Assert.Contains("no sign of life for 1 s", answer.ServerFailure!.Message, StringComparison.Ordinal);
        Assert.Contains(stage.Observed, static outcome => outcome.IsCensored);
    }

    [Fact]
    public async Task A_server_that_was_silent_may_still_be_first()
    {
        await using var stage = await StartAsync();
        stage.Server.Act = new(Ms(1005));
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Server.SilentSince = stage.Time.Now;
        stage.Time.Advance(Ms(1001));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(4));
        var answer = await call.AnswerAsync(request: 1);
        Assert.Equal((Source.Split, true, Fault.None), (answer.Source, answer.IsRaced, answer.ServerFault));
    }

    [Fact]
    public async Task A_server_that_shows_signs_of_life_may_take_as_long_as_it_likes()
    {
        await using var stage = await StartAsync();
        stage.Server.Act = new(TimeSpan.FromMinutes(10));
        var call = await stage.SetOutAsync(Choice.Plain);
        await stage.PassUntilAsync(() => call.IsCompleted);
        var answer = await call.AnswerAsync(request: 1);
        Assert.Equal((Source.Split, false), (answer.Source, answer.IsRaced));
        Assert.Equal(0, stage.Device.Started(Segment.Tail));
    }

    [Fact]
    public async Task After_a_silence_that_others_have_waited_through_the_device_begins_at_once()
    {
        await using var stage = await StartAsync();
        stage.Time.Advance(TimeSpan.FromSeconds(5));
        stage.Server.SilentSince = TimeSpan.Zero;
        var call = await stage.SetOutAsync(Choice.Plain);
        await stage.PassUntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync(request: 1)).Source);
    }

    [Fact]
    public async Task The_server_is_probed_afterwards()
    {
        await using var stage = await StartAsync();
        var pings = stage.Server.Pings;
        var call = await stage.SetOutAsync(Choice.Plain);
        stage.Server.SilentSince = stage.Time.Now;
        stage.Time.Advance(Ms(1001));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));
        await call.AnswerAsync(request: 1);
        await UntilAsync(() => stage.Server.Pings > pings);
    }

    /// <summary>A stage whose server is up, and whose transport tells of silence. It never replies unless a test says so.</summary>
    private static async Task<StageUnderTest> StartAsync()
    {
        var stage = await StageUnderTest.StartAsync(canPing: true);
        stage.Server.IsWatched = true;
        await stage.VisitAsync();
        await UntilAsync(() => !stage.IsServerAvoided);
        return stage;
    }
}
