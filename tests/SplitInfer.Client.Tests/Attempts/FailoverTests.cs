using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Where no policy chose the server, the next one has its try.</summary>
public class FailoverTests
{
    [Fact]
    public async Task The_second_server_answers_for_the_first()
    {
        await using var stage = await StartAsync();
        stage.Servers[0].Act = new(Ms(1), Fault.ConnectionLost);
        stage.Servers[1].Act = new(Ms(1));
        var call = stage.InferAsync(Choice.Plain);
        await ReachServerAsync(stage, 0);
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.Servers[1].Received > 0);
        stage.Time.Advance(Ms(1));
        var answer = await call.WaitAsync(FailureLimit);
        Assert.NotEqual(Source.Device, answer.Source);
        Assert.Equal((1, 1), (stage.Servers[0].Received, stage.Servers[1].Received));
    }

    [Fact]
    public async Task The_second_server_is_watched_for_silence_as_the_first_is()
    {
        await using var stage = await StartAsync();
        foreach (var server in stage.Servers) server.IsWatched = true;
        stage.Servers[0].Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Servers[1].Act = ServerAct.Never;
        _ = stage.InferAsync(Choice.Plain);
        await UntilAsync(() => stage.Device.Started(Segment.Head) > 0);
        stage.Time.Advance(stage.Device[Segment.Head].Takes);
        await UntilAsync(() => stage.Servers[1].Received > 0);
        stage.Servers[1].SilentSince = stage.Time.Now;
        for (var halves = 0; halves < 10 && stage.Device.Running == 0; halves++)
        {
            stage.Time.Advance(Ms(500));
            await TurnsAsync(20);
        }

        Assert.True(stage.Device.Running > 0, "After 5 s of silence the device has not begun.");
    }

    [Fact]
    public async Task Once_the_caller_has_the_devices_result_no_other_server_is_asked()
    {
        await using var stage = await StartAsync();
        foreach (var server in stage.Servers) server.Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Servers[0].Act = new(Ms(30), Fault.ConnectionLost);
        stage.Servers[1].Act = new(Ms(10));
        var call = stage.InferAsync(Choice.Plain with { LateAfterSeconds = 0.005 });
        await ReachServerAsync(stage, 0);
        stage.Time.Advance(Ms(6));
        await UntilAsync(() => stage.Device.Running > 0);
        stage.Time.Advance(stage.Device[Segment.Tail].Takes);
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
        for (var i = 0; i < 60; i++)
        {
            stage.Time.Advance(Ms(1));
            await TurnsAsync(20);
        }

        // The failure of the first server, which came late, is not lost.
        await UntilAsync(() => stage.IsServerAvoided);
        Assert.Equal(0, stage.Servers[1].Received);
    }

    [Fact]
    public async Task Where_the_device_may_not_finish_a_policy_that_learns_is_told_of_the_server_that_answered()
    {
        await using var stage = await StartAsync(learns: true, OnServerFailure.Throw);
        stage.Servers[0].Act = new(Ms(1), Fault.ConnectionLost);
        stage.Servers[1].Act = new(Ms(1));
        var call = stage.InferAsync(Choice.Plain);
        await ReachServerAsync(stage, 0);
        stage.Time.Advance(Ms(1));
        await UntilAsync(() => stage.Servers[1].Received > 0);
        stage.Time.Advance(Ms(1));
        Assert.NotEqual(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
        Assert.Equal([1], stage.Teachers);
    }

    private static async Task<StageUnderTest> StartAsync(bool learns = false, OnServerFailure onServerFailure = OnServerFailure.FinishOnDevice)
    {
        var stage = await StageUnderTest.StartAsync(canPing: true, onServerFailure: onServerFailure, servers: 2, learns: learns);
        stage.Connect();
        await UntilAsync(() => stage.Servers.All(static server => server.Pings > 0) && stage.Unavailable == 0);
        return stage;
    }

    private static async Task ReachServerAsync(StageUnderTest stage, int server)
    {
        await UntilAsync(() => stage.Device.Started(Segment.Head) > 0);
        stage.Time.Advance(stage.Device[Segment.Head].Takes);
        await UntilAsync(() => stage.Servers[server].Received > 0);
    }
}
