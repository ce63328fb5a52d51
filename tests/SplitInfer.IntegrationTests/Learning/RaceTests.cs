using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>Races against a real server whose replies a test holds back.</summary>
public class RaceTests
{
    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MaxRaces = 1000;

    [Fact]
    public async Task The_device_wins_while_the_server_is_slow_and_every_arm_gives_the_right_answer()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        using var whole = await race.Client.InferAsync(input, new() { Partition = race.Client.Plan.AllOnDevice.Index });
        for (var arm = 0; arm < race.Policy.Setup.Arms.Length - 1; arm++)
        {
            race.Policy.Arm = arm;
            using var result = await race.Client.InferAsync(input);

            Assert.True(result.IsRaced);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.True(result.Timings.Tail > TimeSpan.Zero);
            Assert.Null(result.ServerFailure);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"arm {arm}");
        }
    }

    [Fact]
    public async Task A_reply_that_lost_reaches_the_policy_late()
    {
        await using var race = await StartAsync();
        race.Policy.Arm = 1;
        using var input = RacedClient.Input(1);
        using (var result = await race.Client.InferAsync(input)) Assert.Equal(InferenceSource.Device, result.Source);
        var first = race.Policy.Next();
        Assert.True(first.HeadSeconds > 0 && first.DeviceSeconds > first.HeadSeconds);
        Assert.True(first.OffloadSeconds == 0 && !first.IsCensored && first.BytesSent == 0);

        race.Gate.Open();
        var late = race.Policy.Next();
        Assert.True(late.OffloadSeconds > 0);
        Assert.True(late.HeadSeconds == 0 && late.DeviceSeconds == 0);
        // A busy machine may be later than the patience of the client; either is what the server cost.
        Assert.True(late.IsCensored || (late.ServerSeconds > 0 && late.BytesSent == race.Policy.Setup.Arms[1].PayloadBits / 8));
    }

    [Fact]
    public async Task A_reply_that_never_comes_is_given_up_and_observed_as_censored()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        (await race.Client.InferAsync(input)).Dispose();
        race.Policy.Next();

        var censored = race.Policy.Next();
        Assert.True(censored.IsCensored && censored.OffloadSeconds > 0 && censored.ServerSeconds == 0);
        await RacedClient.UntilAsync(() => race.Gate.Withdrawn == 1 && race.Client.Late.Count == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_server_wins_where_it_answers_first_and_inputs_may_change_at_once(bool areTailsLoaded)
    {
        await using var race = await RacedClient.StartAsync(Model, o => (o.PreloadArms, o.ProfilingBudget) = (areTailsLoaded, TimeSpan.Zero));
        race.Gate.Open();
        using var kept = RacedClient.Input(1);
        using var expected = await race.Client.InferAsync(kept, new() { Partition = race.Client.Plan.AllOnDevice.Index });
        var sources = new List<InferenceSource>();
        // On a busy machine a reply that is there at once may lose a race all the same, but not every race.
        for (var turn = 0; turn < race.Policy.Setup.Arms.Length - 1 || (turn < MaxRaces && sources.All(static s => s == InferenceSource.Device)); turn++)
        {
            var arm = turn % (race.Policy.Setup.Arms.Length - 1);
            race.Policy.Arm = arm;
            race.Gate.IsReplaying = false;
            (await race.Client.InferAsync(kept, new() { Partition = race.Client.Plan.Arms[arm].Index })).Dispose();
            race.Gate.IsReplaying = true;
            var input = RacedClient.Input(1);
            using var result = await race.Client.InferAsync(input);
            input.Span<float>().Fill(float.NaN);
            input.Dispose();
            Assert.True(TensorDifference.Between(expected.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
            Assert.Equal(result.Source == InferenceSource.Device, result.Timings.Tail > TimeSpan.Zero);
            sources.Add(result.Source);
        }

        Assert.Contains(sources, s => s != InferenceSource.Device);
        await RacedClient.UntilAsync(() => race.Client.Late.Count == 0);
        Assert.Null(race.Client.ServerFailure);
    }

    [Fact]
    public async Task A_device_that_has_not_loaded_a_tail_runs_the_whole_model_instead()
    {
        await using var race = await RacedClient.StartAsync(Model, o => (o.PreloadArms, o.ProfilingBudget) = (false, TimeSpan.Zero));
        using var input = RacedClient.Input(1);
        using var whole = await race.Client.InferAsync(input, new() { Partition = race.Client.Plan.AllOnDevice.Index });
        for (var arm = 0; arm < race.Policy.Setup.Arms.Length - 1; arm++)
        {
            race.Policy.Arm = arm;
            using var result = await race.Client.InferAsync(input);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
            var outcome = race.Policy.Next();
            while (outcome.DeviceSeconds == 0) outcome = race.Policy.Next();
            Assert.Equal(result.Timings.Tail.TotalSeconds, outcome.DeviceSeconds);
        }
    }

    [Fact]
    public async Task A_tail_that_was_missed_is_loaded_for_the_next_race()
    {
        await using var race = await RacedClient.StartAsync(Model, o => (o.PreloadArms, o.ProfilingBudget) = (false, TimeSpan.Zero));
        race.Policy.Arm = 1;
        using var input = RacedClient.Input(1);
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            using var result = await race.Client.InferAsync(input);
            var outcome = race.Policy.Next();
            while (outcome.DeviceSeconds == 0) outcome = race.Policy.Next();

            // The head and the tail, rather than the whole model after the head.
            if (outcome.DeviceSeconds > result.Timings.Tail.TotalSeconds) return;
        }
    }

    [Fact]
    public async Task A_race_whose_server_fails_is_the_devices()
    {
        await using var race = await StartAsync();
        race.Gate.Failure = new ServerUnreachableException("It is gone.");
        using var input = RacedClient.Input(1);
        using var result = await race.Client.InferAsync(input);
        Assert.Equal(InferenceSource.Device, result.Source);
        Assert.Same(race.Gate.Failure, result.ServerFailure);
        Assert.True(race.Policy.Next() is { IsCensored: true, DeviceSeconds: > 0 });
        Assert.Equal(0, race.Client.Late.Count);
    }

    [Fact]
    public async Task A_race_that_the_caller_cancels_teaches_nothing()
    {
        await using var race = await StartAsync();
        using var input = RacedClient.Input(1);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await race.Client.InferAsync(input, cancellationToken: stop.Token));
        Assert.Equal(0, race.Policy.Count);
        race.Gate.Open();
        (await race.Client.InferAsync(input)).Dispose();
        Assert.True(race.Policy.Next().HeadSeconds >= 0);
    }

    [Fact]
    public async Task A_named_partition_is_neither_raced_nor_observed()
    {
        await using var race = await StartAsync();
        race.Gate.Open();
        using var input = RacedClient.Input(1);
        using var result = await race.Client.InferAsync(input, new() { Partition = race.Client.Plan.Arms[1].Index });
        Assert.False(result.IsRaced);
        Assert.Equal(InferenceSource.Split, result.Source);
        Assert.Equal(0, race.Policy.Count);
    }

    [Fact]
    public async Task Many_races_at_once_keep_apart_and_leave_nothing_behind()
    {
        await using var race = await StartAsync();
        race.Gate.Open();
        race.Policy.Arm = 1;
        var inputs = Enumerable.Range(0, 24).Select(RacedClient.Input).ToArray();
        var expected = new InferenceResult[inputs.Length];
        for (var i = 0; i < inputs.Length; i++) expected[i] = await race.Client.InferAsync(inputs[i], new() { Partition = race.Client.Plan.AllOnDevice.Index });

        var results = await Task.WhenAll(inputs.Select(input => race.Client.InferAsync(input).AsTask()));

        foreach (var (whole, raced) in expected.Zip(results))
            Assert.True(TensorDifference.Between(whole.Outputs[0], raced.Outputs[0]).IsWithin(1e-4));
        await RacedClient.UntilAsync(() => race.Client.Late.Count == 0);
        // Disposing twice or using after release throws, so that a clean end of every result shows that no side let go of another's memory.
        foreach (var result in results.Concat(expected)) result.Dispose();
        foreach (var input in inputs) input.Dispose();
    }

    [Fact]
    public async Task A_client_may_end_while_replies_are_still_out()
    {
        var race = await StartAsync();
        using var input = RacedClient.Input(1);
        (await race.Client.InferAsync(input)).Dispose();
        await race.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    private static async Task<RacedClient> StartAsync() => await RacedClient.StartAsync(Model);
}
