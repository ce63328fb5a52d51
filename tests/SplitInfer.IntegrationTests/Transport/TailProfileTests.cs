using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Partitioning;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>What a real server has measured of its tails, as a client's transport shows it.</summary>
public class TailProfileTests
{
    private static readonly byte[] Model = ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes();

    [Fact]
    public async Task A_client_sees_what_each_tail_takes_once_it_is_connected()
    {
        await using var deployment = await Deployment.StartAsync(Model, static o => o.ProfileTails = true);
        var plan = PartitionedModel.Load(deployment.Model, null, new() { IntraOpThreads = 1 }).Plan;
        await using var transport = TransportTo(deployment, plan);
        Assert.Empty(transport.TailSeconds);
        await transport.PingAsync();
        Assert.Equal(plan.Partitions.Length, transport.TailSeconds.Length);
        Assert.All(plan.Partitions, p => Assert.Equal(p != plan.AllOnDevice && plan.Arms.Contains(p), transport.TailSeconds[p.Index] > 0));
    }

    [Fact]
    public async Task A_server_that_makes_no_profile_tells_nothing()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        await using var transport = TransportTo(deployment, PartitionedModel.Load(deployment.Model, null, new() { IntraOpThreads = 1 }).Plan);
        await transport.PingAsync();
        Assert.Empty(transport.TailSeconds);
    }

    private static RemoteTailTransport TransportTo(Deployment deployment, PartitionPlan plan) =>
        new(deployment.Server.Endpoints[0], "", "", plan, CodecRegistry.Default, new(), TimeProvider.System);
}
