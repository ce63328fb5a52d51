using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Learning;

public class LearningTests
{
    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();

    [Theory]
    [InlineData(PolicyNames.MuLinUcb)]
    [InlineData(PolicyNames.MuLinUcbPaper)]
    [InlineData(PolicyNames.LinUcb)]
    [InlineData(PolicyNames.EpsilonGreedy)]
    [InlineData(PolicyNames.Neurosurgeon)]
    public async Task A_policy_that_learns_takes_arms_and_every_result_is_the_whole_models(string policy)
    {
        await using var deployment = await Deployment.StartAsync(Model, o => o.PreloadArms = true);
        await using var client = await deployment.ConnectAsync(o => o.Policy = policy);
        using var input = Input();
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        var offloaded = 0;
        for (var frame = 0; frame < 2000 && offloaded < 5; frame++)
        {
            using var result = await client.InferAsync(input, new() { IsKeyFrame = frame % 10 == 0 });
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4), $"partition {result.Partition.Index}");
            if (result.BytesSent > 0) offloaded++;
        }

        Assert.Null(client.ServerFailure);
        Assert.Empty(client.Warnings);
        Assert.True(offloaded > 0);
    }

    [Fact]
    public async Task The_default_learns_with_a_server_and_runs_here_without()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync();
        Assert.Equal(PolicyNames.MuLinUcb, client.Policy);
        await using var alone = await deployment.ConnectAsync(static o => o.Server = null);
        Assert.Equal(PolicyNames.AllOnDevice, alone.Policy);
    }

    [Fact]
    public async Task A_policy_that_learns_does_without_a_server()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var client = await deployment.ConnectAsync(static o => (o.Server, o.Policy) = (null, PolicyNames.MuLinUcb));
        using var input = Input();
        using var result = await client.InferAsync(input);
        Assert.Equal(InferenceSource.Device, result.Source);
    }

    [Fact]
    public async Task Where_the_server_fails_the_device_finishes_and_the_policy_is_told()
    {
        var clock = new FakeTimeProvider();
        await using var race = await RacedClient.StartAsync(Model, o => o.TimeProvider = clock);
        (race.Policy.IsRaced, race.Policy.Arm) = (false, 1);
        race.Gate.Failure = new ServerUnreachableException("It is gone.");
        using var input = Input();
        using var whole = await race.Client.InferAsync(input, new() { Partition = race.Client.Plan.AllOnDevice.Index });

        using (var result = await race.Client.InferAsync(input))
        {
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.Same(race.Gate.Failure, result.ServerFailure);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
        }

        Assert.False(race.Policy.WasServerUnavailable);
        Assert.Same(race.Gate.Failure, race.Client.ServerFailure);
        foreach (var pause in (int[])[1, 2, 4, 8, 16, 30, 30])
        {
            clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            (await race.Client.InferAsync(input)).Dispose();
            Assert.True(race.Policy.WasServerUnavailable, $"after {pause} s");
            clock.Advance(TimeSpan.FromMilliseconds(1));
            (await race.Client.InferAsync(input)).Dispose();
            Assert.False(race.Policy.WasServerUnavailable, $"after {pause} s");
        }

        race.Gate.Failure = null;
        race.Gate.Open();
        clock.Advance(TimeSpan.FromSeconds(30));
        using (var result = await race.Client.InferAsync(input)) Assert.Equal(InferenceSource.Split, result.Source);
        Assert.Null(race.Client.ServerFailure);
    }

    [Fact]
    public async Task A_partition_that_is_named_keeps_its_error()
    {
        await using var race = await RacedClient.StartAsync(Model);
        race.Gate.Failure = new ServerUnreachableException("It is gone.");
        using var input = Input();
        await Assert.ThrowsAsync<ServerUnreachableException>(async () => await race.Client.InferAsync(input, new() { Partition = 0 }));
    }

    private static TensorValue Input() => RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 3, 32, 32);
}
