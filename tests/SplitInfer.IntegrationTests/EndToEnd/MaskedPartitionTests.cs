using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Segments that an engine does not load cost an arm and a warning, never a client or a server.</summary>
public class MaskedPartitionTests
{
    private const string Input = "image", Output = "scores";

    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_head_that_does_not_load_is_left_out(bool preloads)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        var all = await ArmsAsync(deployment);
        await using var client = await deployment.ConnectAsync(o =>
        {
            o.PreloadArms = preloads;
            o.Execution.Engine = RefusingEngine.ByNames(static (_, output) => output != Output);
        });
        await RunAsync(client, static result => result.Partition.Index == 0 || result.Source == InferenceSource.Device);

        Assert.All(client.MaskedPartitions, static masked => Assert.Contains("cannot be loaded", masked.Value, StringComparison.Ordinal));
        if (preloads) Assert.NotEmpty(client.MaskedPartitions);
        Assert.All(client.MaskedPartitions.Keys, masked => Assert.Contains(masked, all[1..^1]));
        await Assert.ThrowsAsync<SegmentLoadException>(async () => await client.InferAsync(Image(client), new() { Partition = all[1] }));
    }

    [Fact]
    public async Task A_tail_that_does_not_load_at_the_server_is_left_out()
    {
        await using var deployment = await Deployment.StartAsync(Model, static o => o.Execution.Engine = RefusingEngine.ByNames(static (input, _) => input != Input));
        await using var client = await deployment.ConnectAsync();
        var refusal = await Assert.ThrowsAsync<Protocol.TailRefusedException>(async () => await client.InferAsync(Image(client), new() { Partition = client.Plan.Arms[^2].Index }));
        Assert.Equal(Protocol.RefusalCode.PartitionUnavailable, refusal.Code);
        await RunAsync(client, static _ => true);

        Assert.Null(client.ServerFailure);
    }

    private static async Task<int[]> ArmsAsync(Deployment deployment)
    {
        await using var client = await deployment.ConnectAsync(static o => o.Policy = PolicyNames.AllOnDevice);
        return [.. client.Plan.Arms.Select(static arm => arm.Index)];
    }

    private static async Task RunAsync(SplitInferenceClient client, Func<InferenceResult, bool> isAllowed)
    {
        using var input = Image(client);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });
        for (var i = 0; i < 30; i++)
        {
            using var result = await client.InferAsync(input);
            Assert.True(isAllowed(result), $"Partition {result.Partition.Index} from {result.Source}.");
            Assert.True(TensorDifference.Between(whole.Outputs[0], result.Outputs[0]).IsWithin(1e-4));
        }
    }

    private static TensorValue Image(SplitInferenceClient client) => RandomTensor.Normal(new Random(1), ElementType.Float32, client.Plan.Inputs[0].Shape.Dimensions);
}
