using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

public class SplitInferenceTests
{
    [Fact]
    public async Task Every_arm_gives_what_the_whole_model_gives()
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        await using var client = await deployment.ConnectAsync();
        using var input = RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 3, 32, 32);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        Assert.Equal(InferenceSource.Device, whole.Source);
        Assert.True(client.Plan.Arms.Length > 2);

        foreach (var arm in client.Plan.Arms.SkipLast(1))
        {
            using var result = await client.InferAsync(input, new() { Partition = arm.Index });

            Assert.Equal(arm.Index == 0 ? InferenceSource.Server : InferenceSource.Split, result.Source);
            Assert.Equal(arm.BoundaryBytes, result.BytesSent);
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
        }
    }

    [Fact]
    public async Task Timings_say_where_the_time_went()
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        await using var client = await deployment.ConnectAsync();
        using var input = RandomTensor.Normal(new Random(1), ElementType.Float32, 1, 3, 32, 32);
        using var result = await client.InferAsync(input, new() { Partition = client.Plan.Arms[1].Index });

        var timings = result.Timings;
        Assert.True(timings.Head > TimeSpan.Zero);
        Assert.True(timings.Offload > TimeSpan.Zero);
        Assert.True(timings.Server.RunSeconds > 0);
        Assert.True(timings.Server.TotalSeconds <= timings.Offload.TotalSeconds);
        Assert.True(timings.Head + timings.Encode + timings.Offload <= timings.Total);
        Assert.Matches($@"^Split at {result.Partition.Index} by {result.Server}: [0-9.]+ ms \(head [0-9.]+, .*offload [0-9.]+\), [0-9,]+ B sent with Raw$", result.ToString());
    }

    [Theory]
    [InlineData(PolicyNames.AllOnDevice, InferenceSource.Device)]
    [InlineData(PolicyNames.AllOnServer, InferenceSource.Server)]
    [InlineData(PolicyNames.Fixed, InferenceSource.Split)]
    public async Task A_policy_is_chosen_by_name(string policy, InferenceSource source)
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        await using var client = await deployment.ConnectAsync(o => (o.Policy, o.Partition) = (policy, policy == PolicyNames.Fixed ? 1 : null));
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var result = await client.InferAsync(input);

        Assert.Equal(policy, client.Policy);
        Assert.Equal(source, result.Source);
    }

    [Fact]
    public async Task Outputs_that_are_finished_before_the_cut_never_leave_the_device()
    {
        await using var deployment = await Deployment.StartAsync(Detector.Build().ToBytes());
        await using var client = await deployment.ConnectAsync();
        var inputs = client.Plan.Inputs.ToDictionary(i => i.Name, i => RandomTensor.Normal(new Random(i.Name.Length), i.Type, i.Shape.Dimensions));
        var late = client.Plan.Partitions.Last(p => p.IsAdmissible && p.TailOutputs.Length > 0);
        Assert.True(late.TailOutputs.Length < client.Plan.Outputs.Length);

        using var whole = await client.InferAsync(inputs, new() { Partition = client.Plan.AllOnDevice.Index });
        using var split = await client.InferAsync(inputs, new() { Partition = late.Index });

        foreach (var output in client.Plan.Outputs)
            Assert.True(TensorDifference.Between(whole[output.Name], split[output.Name]).IsWithin(1e-4), output.Name);
    }

    [Fact]
    public async Task Sizes_that_the_model_leaves_open_may_change_from_request_to_request()
    {
        await using var deployment = await Deployment.StartAsync(AudioNet.Build().ToBytes());
        await using var client = await deployment.ConnectAsync();
        var open = Assert.Single(client.Plan.Inputs, i => !i.IsStatic);
        foreach (var length in (long[])[400, 1600, 800])
        {
            var inputs = client.Plan.Inputs.ToDictionary(i => i.Name, i => RandomTensor.Normal(
                new Random(3), i.Type, [.. i.Dimensions.Select((d, axis) => d.IsFixed ? d.Size : axis == i.Dimensions.Length - 1 ? length : 1)]));
            using var whole = await client.InferAsync(inputs, new() { Partition = client.Plan.AllOnDevice.Index });
            foreach (var arm in client.Plan.Arms)
            {
                using var split = await client.InferAsync(inputs, new() { Partition = arm.Index });
                foreach (var (expected, actual) in whole.Outputs.Zip(split.Outputs))
                    Assert.True(TensorDifference.Between(expected, actual).IsWithin(1e-4), $"{open.Name} {length}, partition {arm.Index}");
            }
        }
    }

    [Fact]
    public async Task Concurrent_requests_share_a_connection_and_keep_apart()
    {
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), o => o.PreloadArms = true);
        await using var client = await deployment.ConnectAsync(o => o.PreloadArms = true);
        var inputs = Enumerable.Range(0, 24).Select(i => RandomTensor.Normal(new Random(i), ElementType.Float32, 1, 3, 32, 32)).ToArray();
        var expected = new InferenceResult[inputs.Length];
        for (var i = 0; i < inputs.Length; i++) expected[i] = await client.InferAsync(inputs[i], new() { Partition = client.Plan.AllOnDevice.Index });

        var results = await Task.WhenAll(inputs.Select((input, i) =>
            client.InferAsync(input, new() { Partition = client.Plan.Arms[i % client.Plan.Arms.Length].Index }).AsTask()));

        foreach (var (whole, split) in expected.Zip(results))
            Assert.True(TensorDifference.Between(whole.Outputs[0], split.Outputs[0]).IsWithin(1e-4));
    }

    [Fact]
    public async Task A_model_is_found_by_its_fingerprint_or_by_its_name()
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        foreach (var (name, version) in new[] { ("", ""), ("demo", ""), ("demo", "1") })
        {
            await using var client = await deployment.ConnectAsync(o => (o.ModelName, o.ModelVersion, o.Policy) = (name, version, PolicyNames.AllOnServer));
            using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
            using var result = await client.InferAsync(input);
            Assert.Equal(InferenceSource.Server, result.Source);
        }
    }

    [Fact]
    public async Task A_cancelled_request_ends_as_cancelled_and_the_next_one_works()
    {
        await using var deployment = await Deployment.StartAsync(UNet.Build().ToBytes());
        await using var client = await deployment.ConnectAsync(o => o.Policy = PolicyNames.AllOnServer);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.InferAsync(input, cancellationToken: cancelled.Token));
        (await client.InferAsync(input)).Dispose();
    }
}
