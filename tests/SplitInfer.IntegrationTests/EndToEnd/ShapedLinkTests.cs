using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Link;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>A client whose server is at the other end of a link that changes.</summary>
public sealed class ShapedLinkTests
{
    [Fact]
    public async Task Results_are_the_same_over_any_link_and_after_one_that_was_lost()
    {
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All["resnet18"]().ToBytes());
        await using var link = ShapedLink.Start(deployment.Server.Endpoints[0], LinkConditions.Of(mbps: 20, rttMs: 10));
        await using var client = await deployment.ConnectAsync(options => options.Server = link.Address);
        using var input = RandomTensor.Normal(new Random(5), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });

        await AssertSameAsync();
        link.Conditions = LinkConditions.Of(mbps: 200);
        await AssertSameAsync();
        link.IsUp = false;
        await Assert.ThrowsAsync<ServerUnreachableException>(AssertSameAsync);
        link.IsUp = true;
        await AssertSameAsync();

        async Task AssertSameAsync()
        {
            using var result = await client.InferAsync(input, new() { Partition = client.Plan.AllOnServer.Index });
            Assert.Equal(InferenceSource.Server, result.Source);
            Assert.True(TensorDifference.Between(result.Outputs[0], whole.Outputs[0]).IsWithin(1e-4));
        }
    }
}
