using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.Emulation;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Emulation;

/// <summary>A client on a slow device, at the other end of a slow link.</summary>
public sealed class EmulationTests
{
    [Fact]
    public async Task Results_are_the_same_on_a_slow_device_and_over_a_link_that_changes()
    {
        EmulatedDevice device = null!;
        EmulatedLink link = null!;
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All["resnet18"]().ToBytes());
        await using var client = await deployment.ConnectAsync(options =>
        {
            device = options.EmulateDevice(slowdown: 2);
            link = options.EmulateLink(mbps: 50, roundTrip: TimeSpan.FromMilliseconds(2));
        });
        using var input = RandomTensor.Normal(new Random(5), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        using var whole = await client.InferAsync(input, new() { Partition = client.Plan.AllOnDevice.Index });

        await AssertSameAsync();
        (link.Conditions, device.Slowdown) = (new(Mbps: 200, TimeSpan.Zero), 1);
        await AssertSameAsync();

        async Task AssertSameAsync()
        {
            foreach (var arm in client.Plan.Arms.Where(arm => arm != client.Plan.AllOnDevice))
            {
                var (up, down) = (link.BytesUp, link.BytesDown);
                using var result = await client.InferAsync(input, new() { Partition = arm.Index });
                Assert.NotEqual(InferenceSource.Device, result.Source);
                Assert.True(TensorDifference.Between(result.Outputs[0], whole.Outputs[0]).IsWithin(1e-4));
                Assert.InRange(link.BytesUp - up, result.BytesSent, result.BytesSent + 4096);
                Assert.True(link.BytesDown > down);
            }
        }
    }

    [Fact]
    public async Task Clients_of_different_links_do_not_share_a_connection()
    {
        var connections = new SharedConnections();
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All["resnet18"]().ToBytes());
        EmulatedLink first = null!, second = null!;
        await using var one = await deployment.ConnectAsync(options => (options.Connections, first) = (connections, options.EmulateLink(mbps: 500)));
        await using var other = await deployment.ConnectAsync(options => (options.Connections, second) = (connections, options.EmulateLink(mbps: 500)));
        using var input = RandomTensor.Normal(new Random(5), one.Plan.Inputs[0].Type, one.Plan.Inputs[0].Shape.Dimensions);
        var before = second.BytesUp;
        (await one.InferAsync(input, new() { Partition = one.Plan.AllOnServer.Index })).Dispose();
        Assert.True(first.BytesUp > input.ByteLength);
        Assert.InRange(second.BytesUp - before, 0, input.ByteLength / 2);
        (await other.InferAsync(input, new() { Partition = one.Plan.AllOnServer.Index })).Dispose();
        Assert.True(second.BytesUp > input.ByteLength);
    }

    [Fact]
    public async Task A_client_runs_until_its_policy_has_settled()
    {
        await using var deployment = await Deployment.StartAsync(NetworkCatalog.All["resnet18"]().ToBytes());
        await using var client = await deployment.ConnectAsync(static options => options.Policy = Policies.PolicyNames.AllOnDevice);
        using var input = RandomTensor.Normal(new Random(5), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        Assert.Equal(20, await client.SettleAsync(new[] { input }));
        Assert.Equal(7, await client.SettleAsync(new[] { input }, maxRequests: 7));
    }
}
