using SplitInfer.Client;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A client whose model is no file of its own, such as a resource of the application.</summary>
public sealed class EmbeddedModelTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_of_bytes_or_of_a_stream_is_split_with_a_server_that_has_the_file(bool isStream)
    {
        var bytes = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();
        await using var deployment = await Deployment.StartAsync(bytes);
        var options = new SplitInferenceOptions { Server = deployment.Server.Endpoints[0] };
        options.Execution.IntraOpThreads = 1;
        using var stream = new MemoryStream(bytes);
        var model = isStream ? PartitionedModel.Load(stream, options.Plan, options.Execution) : PartitionedModel.Load(bytes, options.Plan, options.Execution);
        await using var client = await SplitInferenceClient.CreateAsync(options, model);
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        using var split = await client.InferAsync(input, new() { Partition = client.Plan.Arms[1].Index });
        Assert.NotEqual(InferenceSource.Device, split.Source);
        Assert.True(TensorDifference.Between(whole.Outputs[0], split.Outputs[0]).IsWithin(1e-4));
    }
}
