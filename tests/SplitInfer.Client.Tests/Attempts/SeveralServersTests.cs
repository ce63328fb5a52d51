using SplitInfer.Policies;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A client with two servers: who is asked, who is blamed, and what the policy learns of whom.</summary>
public class SeveralServersTests
{
    private static readonly Choice Second = new(Cut.Split, To: 1);

    [Fact]
    public async Task The_server_that_the_policy_takes_is_asked_and_teaches()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        foreach (var server in stage.Servers) server.Act = new(TimeSpan.Zero);

        Assert.Equal("scripted server 1", (await AnswerAsync(stage, Second, request: 0)).Server);
        Assert.Equal("scripted server 0", (await AnswerAsync(stage, Choice.Plain, request: 1)).Server);
        Assert.Null((await AnswerAsync(stage, Choice.OnDevice, request: 2)).Server);
        Assert.Equal([1, 1], stage.Servers.Select(static server => server.Received));
        Assert.Equal([1, 0, Arm.OnDevice], stage.Teachers);
    }

    [Fact]
    public async Task One_that_fails_is_avoided_alone()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(TimeSpan.Zero);
        stage.Servers[1].Act = new(TimeSpan.Zero, Fault.ConnectionLost);

        var answer = await AnswerAsync(stage, Second, request: 0);
        Assert.Equal((Source.Device, Fault.ConnectionLost), (answer.Source, answer.ServerFault));
        Assert.Null(stage.ServerFailure);

        Assert.Equal(Source.Split, (await AnswerAsync(stage, Choice.Plain, request: 1)).Source);
        Assert.Equal(0b10UL, stage.Unavailable);

        // A policy that asks for it all the same gets the device, and the reason.
        answer = await AnswerAsync(stage, Second, request: 2);
        Assert.Equal((Source.Device, Fault.ConnectionLost, 1), (answer.Source, answer.ServerFault, stage.Servers[1].Received));
    }

    [Fact]
    public async Task Without_any_the_client_says_why()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        foreach (var server in stage.Servers) server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        await AnswerAsync(stage, Choice.Plain, request: 0);
        Assert.Null(stage.ServerFailure);
        await AnswerAsync(stage, Second, request: 1);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure!));
    }

    [Fact]
    public async Task A_named_partition_goes_to_the_first_that_can_be_used()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Servers[1].Act = new(TimeSpan.Zero);
        await AnswerAsync(stage, Choice.Plain, request: 0);
        Assert.Equal("scripted server 1", (await AnswerAsync(stage, Choice.Named, request: 1)).Server);
    }

    [Fact]
    public async Task A_policy_that_does_not_learn_goes_on_with_another()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2, needs: PolicyNeeds.None);
        stage.Servers[0].Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Servers[1].Act = new(TimeSpan.Zero);
        Assert.Equal(Source.Device, (await AnswerAsync(stage, Choice.Plain, request: 0)).Source);
        var answer = await AnswerAsync(stage, Choice.Plain, request: 1);
        Assert.Equal((Source.Split, "scripted server 1"), (answer.Source, answer.Server));

        // Once neither can be used, the device is left.
        stage.Servers[1].Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        await AnswerAsync(stage, Choice.Plain, request: 2);
        Assert.Equal(Source.Device, (await AnswerAsync(stage, Choice.Plain, request: 3)).Source);
    }

    [Fact]
    public async Task A_tail_that_one_lacks_is_left_out_there_only()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[1].Act = new(TimeSpan.Zero, Fault.PartitionUnavailable);
        await AnswerAsync(stage, Second, request: 0);
        Assert.True(stage.IsMasked(Cut.Split, server: 1));
        Assert.False(stage.IsMasked(Cut.Split, server: 0));
        Assert.False(stage.IsServerAvoided);
    }

    [Fact]
    public async Task Each_is_pinged_for_itself()
    {
        await using var stage = await StageUnderTest.StartAsync(canPing: true, servers: 2);
        stage.Servers[0].Ping = new(TimeSpan.Zero, Fault.ConnectionLost);
        stage.Servers[1].Ping = new(Ms(3));
        stage.Connect();
        await UntilAsync(() => stage.Servers.All(static server => server.Pings > 0));
        await stage.PassUntilAsync(() => stage.PingedServers.Count > 0);
        Assert.Equal([1], stage.PingedServers.Distinct());
        Assert.Null(stage.ServerFailure);

        stage.Servers[1].Act = new(TimeSpan.Zero);
        await AnswerAsync(stage, Second, request: 0);
        Assert.Equal(0b01UL, stage.Unavailable);
    }

    [Fact]
    public async Task A_late_reply_teaches_of_the_server_that_sent_it()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[1].Act = new(TimeSpan.FromSeconds(1));
        var call = stage.InferAsync(Second with { IsRaced = true });
        await stage.PassUntilAsync(() => call.IsCompleted);
        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, "scripted server 1"), (answer.Source, answer.Server));
        await stage.PassUntilAsync(() => stage.Teachers.Count == 2);
        Assert.Equal([1, 1], stage.Teachers);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_profile_reaches_the_policy_once_however_the_server_answers(bool canPing)
    {
        await using var stage = await StageUnderTest.StartAsync(canPing, servers: 2, probeInterval: TimeSpan.Zero);
        foreach (var server in stage.Servers) server.Act = new(TimeSpan.Zero);
        stage.Servers[1].Profile = [0.03, 0.02, 0.01, 0];
        stage.Connect();
        if (canPing) await UntilAsync(() => !stage.IsServerAvoided);
        for (var request = 0; request < 4; request++) await AnswerAsync(stage, Second, request);
        await UntilAsync(() => stage.Profiles.Count > 0);
        var (profiled, tailSeconds) = Assert.Single(stage.Profiles);
        Assert.Equal(1, profiled);
        Assert.Equal(stage.Servers[1].Profile, tailSeconds);

        // The server has started anew and profiled again.
        stage.Servers[1].Profile = [0.06, 0.04, 0.02, 0];
        await AnswerAsync(stage, Second, request: 4);
        Assert.Equal(2, stage.Profiles.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_shadow_is_sent_once_the_result_is_there_and_only_teaches(bool sendsInputs)
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(Ms(10));
        stage.Servers[1].Act = new(Ms(5));
        // The inputs change as soon as the call has ended, so what is sent must be a copy.
        var call = await stage.SetOutAsync(new(sendsInputs ? Cut.AllOnServer : Cut.Split, Shadow: 1));
        await TurnsAsync(50);
        Assert.Equal(0, stage.Servers[1].Received);
        stage.Time.Advance(Ms(10));
        var answer = await call.AnswerAsync();
        Assert.Equal("scripted server 0", answer.Server);
        Assert.Equal([0], stage.Teachers);
        await stage.PassUntilAsync(() => stage.Teachers.Count == 2);
        Assert.Equal([0, 1], stage.Teachers);
        Assert.Equal(ThreeStages.Output(0), stage.Servers[1].LastAnswer);
        var told = stage.Observed[1];
        Assert.True(told is { IsLate: true, IsCensored: false, Head: 0, Device: 0 });
        Assert.Equal(0.005, told.Offload, 1e-9);
        await UntilAsync(() => stage.IsAllReleased && stage.LeftRunning == 0);
    }

    /// <summary>The request's own outcome comes first, and is not the worse for a shadow that a policy had no right to.</summary>
    [Fact]
    public async Task A_shadow_that_answers_at_once_is_told_after_its_request()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        foreach (var server in stage.Servers) server.Act = new(TimeSpan.Zero);
        for (var request = 0; request < 20; request++)
        {
            await AnswerAsync(stage, new(Cut.Split, Shadow: 1), request);
            await UntilAsync(() => stage.Teachers.Count == 2 * (request + 1));
            Assert.Equal([0, 1], stage.Teachers.TakeLast(2));
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => stage.InferAsync(new(Cut.Split, Shadow: 5)));
        Assert.Contains("Scripted", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => stage.InferAsync(new(Cut.Split, To: 5)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => stage.InferAsync(new(Cut.Split, Shadow: 0)));
    }

    [Fact]
    public async Task A_shadow_that_fails_costs_its_server_alone()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(Ms(10));
        stage.Servers[1].Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        var answer = await AnswerAsync(stage, new(Cut.Split, Shadow: 1), request: 0);
        Assert.Equal((Source.Split, Fault.None), (answer.Source, answer.ServerFault));
        await stage.PassUntilAsync(() => stage.Teachers.Count == 2);

        // It is not sent again while its server is avoided.
        await AnswerAsync(stage, new(Cut.Split, Shadow: 1), request: 1);
        Assert.Equal((0b10UL, 1), (stage.Unavailable, stage.Servers[1].Received));
        Assert.Null(stage.ServerFailure);
    }

    [Fact]
    public async Task A_shadow_without_a_reply_is_given_up_and_released()
    {
        await using var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(Ms(10));
        await AnswerAsync(stage, new(Cut.Split, Shadow: 1), request: 0);
        await stage.PassUntilAsync(() => stage.Teachers.Count == 2);
        Assert.True(stage.Observed[1].IsCensored);
        await UntilAsync(() => stage.IsAllReleased && stage.LeftRunning == 0 && stage.Servers[1].Running == 0);
    }

    [Fact]
    public async Task Disposal_waits_for_a_shadow()
    {
        var stage = await StageUnderTest.StartAsync(servers: 2);
        stage.Servers[0].Act = new(Ms(10));
        await AnswerAsync(stage, new(Cut.Split, Shadow: 1), request: 0);
        Assert.Equal(1, stage.LeftRunning);
        await stage.DisposeAsync();
        Assert.True(stage.IsAllReleased && stage.LeftRunning == 0);
    }

    private static async Task<Answer> AnswerAsync(StageUnderTest stage, Choice choice, int request)
    {
        var call = stage.InferAsync(choice);
        await stage.PassUntilAsync(() => call.IsCompleted);
        return await call.AnswerAsync(request);
    }
}
