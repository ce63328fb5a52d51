using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.Kit;
using SplitInfer.Tensors;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>A reply that is late starts a race. Time stands still unless a test moves it.</summary>
public class LateReplyTests
{
    private const double Late = 5;

    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CountingTimeProvider _time = new();

    [Fact]
    public async Task The_device_overtakes_it_whichever_the_arm_and_the_answer_is_right()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        using var whole = await race.Client.InferAsync(input, new() { Partition = race.Client.Plan.AllOnDevice.Index });
        for (var arm = 0; arm < race.Policy.Setup.Arms.Length - 1; arm++)
        {
            race.Policy.Arm = arm;
            using var result = await OvertakeAsync(race, input);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.True(result.IsRaced);
            Assert.Null(result.ServerFailure);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"arm {arm}");
            Assert.Equal(new Outcome { Decision = result.Decision, Server = ServerOutcome.Overdue, OffloadSeconds = Late }, race.Policy.Next());
            await GiveUpAsync(race);
        }
    }

    [Fact]
    public async Task Rehearsing_it_at_the_start_calls_no_server_and_teaches_nothing()
    {
        await using var race = await StartAsync();
        Assert.Equal((0, 0), (race.Gate.Sent, race.Policy.Count));
        Assert.Null(race.Client.ServerFailure);
    }

    [Fact]
    public async Task It_still_teaches_the_policy_when_it_comes()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        (await OvertakeAsync(race, input)).Dispose();
        Assert.True(race.Policy.Next().IsCensored);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        race.Gate.Open();
        var late = race.Policy.Next();
        Assert.True(!late.IsCensored && late.ServerSeconds > 0 && late.BytesSent > 0);
        Assert.Equal(Late + 1e-3, late.OffloadSeconds, 1e-9);
    }

    [Fact]
    public async Task One_that_never_comes_is_given_up()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        (await OvertakeAsync(race, input)).Dispose();
        Assert.True(race.Policy.Next().IsCensored);

        await GiveUpAsync(race);
        Assert.Equal(1, race.Gate.Withdrawn);
    }

    [Theory]
    [InlineData(Late)]
    [InlineData(1e300)]
    [InlineData(double.PositiveInfinity)]
    public async Task One_that_is_in_time_is_not_raced(double lateAfterSeconds)
    {
        await using var race = await StartAsync();
        race.Policy.LateAfterSeconds = lateAfterSeconds;
        race.Gate.Open();
        using var input = RacedClient.Input(1);
        using var result = await race.Client.InferAsync(input);
        Assert.False(result.IsRaced);
        Assert.NotEqual(InferenceSource.Device, result.Source);
        Assert.True(race.Policy.Next() is { IsCensored: false, ServerSeconds: > 0, DeviceSeconds: 0 });
        Assert.Equal(0, race.Client.Late.Count);
    }

    [Fact]
    public async Task Inputs_may_change_while_it_is_still_out()
    {
        await using var race = await StartAsync();
        using var kept = RacedClient.Input(1);
        using var whole = await race.Client.InferAsync(kept, new() { Partition = race.Client.Plan.AllOnDevice.Index });
        race.Policy.Arm = 0;
        var input = RacedClient.Input(1);
        using var result = await OvertakeAsync(race, input);
        input.Span<float>().Fill(float.NaN);
        input.Dispose();
        Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
        race.Gate.Open();
        Assert.True(race.Policy.Next().IsCensored);
        Assert.False(race.Policy.Next().IsCensored);
    }

    [Fact]
    public async Task A_server_that_fails_before_it_is_late_leaves_the_job_to_the_device()
    {
        await using var race = await StartAsync();
        race.Gate.Failure = new ServerUnreachableException("It is gone.");
        using var input = RacedClient.Input(1);
        using var result = await race.Client.InferAsync(input);
        Assert.Equal(InferenceSource.Device, result.Source);
        Assert.False(result.IsRaced);
        Assert.Same(race.Gate.Failure, result.ServerFailure);
    }

    [Fact]
    public async Task A_caller_who_cancels_while_waiting_is_let_go_and_nothing_is_learned()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        using var stop = new CancellationTokenSource();
        var call = race.Client.InferAsync(input, cancellationToken: stop.Token).AsTask();
        await RacedClient.UntilAsync(() => race.Gate.Sent == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Limit));
        await RacedClient.UntilAsync(() => race.Gate.Withdrawn == 1);
        Assert.Equal(0, race.Policy.Count);
        Assert.Equal(0, race.Client.Late.Count);
    }

    // The reply is held back, so that the call waits until time has passed.
    private async Task<InferenceResult> OvertakeAsync(RacedClient race, TensorValue input)
    {
        var (timers, held) = (_time.ActiveTimers, race.Gate.Held);
        var call = race.Client.InferAsync(input).AsTask();
        await RacedClient.UntilAsync(() => race.Gate.Held > held && _time.ActiveTimers > timers);
        _time.Advance(TimeSpan.FromSeconds(Late) - TimeSpan.FromMilliseconds(1));
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return await call.WaitAsync(Limit);
    }

    // Time passes until the client waits no longer for the reply that it has overtaken.
    private async Task GiveUpAsync(RacedClient race)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var lost = race.Policy.Next();
        Assert.True(lost.IsCensored && lost.OffloadSeconds > Late && lost.BytesSent > 0);
        await RacedClient.UntilAsync(() => race.Client.Late.Count == 0);
    }

    private async Task<RacedClient> StartAsync()
    {
        var race = await RacedClient.StartAsync(Model, options => options.TimeProvider = _time);
        (race.Policy.IsRaced, race.Policy.LateAfterSeconds, race.Policy.Arm) = (false, Late, 1);
        return race;
    }
}
