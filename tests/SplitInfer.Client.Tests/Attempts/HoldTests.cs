using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Tests.Telemetry;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// The device has the answer of the other variant 80 ms after the call, and holds it back until 95, since a better one may come by the deadline at 100. Whatever
/// happens meanwhile, each answer is disposed once, and what the server does is told once.
/// </summary>
[Collection(nameof(Heard))]
public class HoldTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    [Fact]
    public async Task A_server_that_wins_leaves_nothing_of_the_held_answer()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(80));
        var call = await HoldAsync(stage);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Split, (await call.AnswerAsync()).Source);
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0 });
        Assert.False(Assert.Single(stage.Observed).IsLate);
        Assert.Single(heard.Of(ClientMetricNames.Races));
        Assert.Empty(heard.Of(ClientMetricNames.LateReplies));
    }

    [Fact]
    public async Task A_server_that_fails_releases_the_held_answer_at_once()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(75), Fault.ConnectionLost);
        var call = await HoldAsync(stage);
        stage.Time.Advance(Ms(5));
        var answer = await call.WaitAsync(FailureLimit);
        Assert.Equal((Source.Device, Fault.ConnectionLost), (answer.Source, answer.ServerFault));
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0 });
        Assert.Equal([new(0, false, 0.01, 0, 0.075, 0, 16, true, 0.02)], stage.Observed);
        Assert.Single(heard.Of(ClientMetricNames.ServerFailures));
        Assert.Empty(heard.Of(ClientMetricNames.LateReplies));
    }

    [Fact]
    public async Task A_caller_who_leaves_leaves_nothing_behind()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        using var caller = new CancellationTokenSource();
        var call = await HoldAsync(stage, caller.Token);
        await caller.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(FailureLimit));
        Assert.Equal(caller.Token, error.CancellationToken);
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0, Server.Withdrawn: 1 });
        Assert.Empty(stage.Observed);
    }

    [Fact]
    public async Task A_client_that_is_disposed_gives_the_held_answer_away()
    {
        var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        var call = await HoldAsync(stage);
        await stage.DisposeAsync().AsTask().WaitAsync(FailureLimit);
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0 });
    }

    [Theory]
    [InlineData(nameof(Fault.None), "replied")]
    [InlineData(nameof(Fault.ServerFailed), "refused")]
    [InlineData(nameof(Fault.ConnectionLost), "failed")]
    public async Task A_late_end_of_the_server_is_told_once(string end, string outcome)
    {
        var fault = Enum.Parse<Fault>(end);
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        using var heard = new Heard(stage.Label);
        stage.Server.Act = new(Ms(120), fault);
        var call = await HoldAsync(stage);
        await UntilAsync(() => stage.Time.IsSetFor(Ms(95)));
        stage.Time.Advance(Ms(15));
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
        Assert.Single(stage.Observed);
        stage.Time.Advance(Ms(35));
        await UntilAsync(() => stage is { IsAllReleased: true, LeftRunning: 0 });

        Assert.Equal([false, true], stage.Observed.Select(static told => told.IsLate));
        Assert.Equal(outcome, Assert.Single(heard.Of(ClientMetricNames.LateReplies)).Tags.Split('=', ' ')[1]);
        Assert.Equal(fault == Fault.None ? 0 : 1, heard.Of(ClientMetricNames.ServerFailures).Length);
        Assert.Single(heard.Of(ClientMetricNames.Requests));
        Assert.Single(heard.Of(ClientMetricNames.Races));
    }

    /// <summary>Maps and text are made of what a variant yields, which takes time as well.</summary>
    [Fact]
    public async Task What_is_still_to_be_made_of_the_held_answer_is_made_by_the_deadline()
    {
        await using var stage = await StageUnderTest.StartAsync(hasStandIn: true);
        stage.KnowTheFinish(Ms(10));
        var call = await HoldAsync(stage);
        await UntilAsync(() => stage.Time.IsSetFor(Ms(84)));
        Assert.False(call.IsCompleted);
        stage.Time.Advance(Ms(4));
        Assert.Equal(Source.Device, (await call.WaitAsync(FailureLimit)).Source);
    }

    // Up to the moment at which the device has its answer.
    private static async Task<Task<Answer>> HoldAsync(StageUnderTest stage, CancellationToken stop = default)
    {
        var call = await stage.SetOutAsync(Choice.Hedged(Ms(60)), Deadline, stop);
        await UntilAsync(() => stage.Time.IsSetFor(Ms(60)));
        stage.Time.Advance(Ms(50));
        await UntilAsync(() => stage.StandIn.Running == 1);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.StandIn.Running == 0);
        await TurnsAsync(16);
        Assert.False(call.IsCompleted);
        return call;
    }
}
