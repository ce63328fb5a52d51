using System.Text;
using SplitInfer.Simulation;
using SplitInfer.Simulation.Crowds;

namespace SplitInfer.Policies.Tests.Sharing;

/// <summary>Crowds in a few worlds; docs/crowd.md has the figures of many.</summary>
public class CrowdSimulatorTests
{
    [Fact]
    public void The_same_world_gives_the_same_result()
    {
        var world = RandomCrowd.Of(3, 4);
        Assert.Equal(new CrowdSimulator(world).Play(CrowdContender.Shared), new CrowdSimulator(world).Play(CrowdContender.Shared));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_client_alone_does_what_it_would_without_prices(int seed)
    {
        var world = RandomCrowd.Of(seed, 2);
        world = world with { Clients = [world.Clients[0]] };
        Assert.Equal(new CrowdSimulator(world).Play(CrowdContender.Selfish), new CrowdSimulator(world).Play(CrowdContender.Shared) with { Contender = CrowdContender.Selfish });
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    public void Where_servers_have_too_much_to_do_prices_shorten_the_mean_delay(int seed)
    {
        var simulator = new CrowdSimulator(RandomCrowd.Of(seed, 32, isContended: true));
        var (shared, selfish, device) = (simulator.Play(CrowdContender.Shared), simulator.Play(CrowdContender.Selfish), simulator.Play(CrowdContender.AllOnDevice));
        Assert.True(shared.MeanMs < 0.9 * selfish.MeanMs, $"{shared.MeanMs} ms with prices, {selfish.MeanMs} ms without");
        Assert.True(shared.MeanMs < device.MeanMs);
        Assert.InRange(shared.SwitchesPerMinute, 0, 2);
    }

    [Fact]
    public void Fixed_arms_wait_as_queueing_theory_says()
    {
        // One place, tails that always take the same. Frames of many clients, each at even times, are more even than random ones, by which the wait would be that of M/D/1.
        const int Clients = 40;
        const double Tail = 0.010, Rate = 2;
        var world = new CrowdWorld
        {
            Seconds = 2_000,
            Noise = 0,
            Arms = [Arm(0, 0, 1, Tail * 1e3), Arm(1, 100, 0, 0)],
            Servers = [new() { Name = "A" }],
            Clients = [.. Enumerable.Repeat(new CrowdClient { FramesPerSecond = Rate, Links = [new(1000, 0)] }, Clients)],
        };
        var load = Clients * Rate * Tail;
        var result = new CrowdSimulator(world).Play(CrowdContender.AllOnServer);
        Assert.Equal(load, result.Utilization, 0.01);
        var random = 10 * load / (2 * (1 - load));
        Assert.InRange(result.MeanMs - 10, 0.4 * random, 1.1 * random);
    }

    [Fact]
    public void A_described_crowd_is_read_and_what_is_wrong_is_named()
    {
        var world = CrowdReader.Read(Text(""" "links": [{ "mbps": 50, "rttMs": 8 }] """), 5);
        Assert.Equal(3, world.Clients.Length);
        Assert.Equal(2, world.Servers[0].Places);
        var error = Assert.Throws<ScenarioException>(() => CrowdReader.Read(Text(""" "links": [] """), 5));
        Assert.Contains("scenario.clients[0].links", error.Message);
    }

    private static byte[] Text(string links) => Encoding.UTF8.GetBytes($$"""
        {
          "seconds": 10, "features": ["conv"], "servers": [{ "name": "A", "places": 2 }],
          "clients": [{ "count": 3, "fps": 4, {{links}} }],
          "arms": [{ "partition": 0, "headMs": 0, "payloadBits": 1000, "macs": [9], "nodes": [9], "tailMs": 5 }, { "partition": 1, "headMs": 50 }]
        }
        """);

    private static ScenarioArm Arm(int partition, double headMs, double bits, double tailMs) => new() { Partition = partition, HeadMs = headMs, PayloadBits = bits, TailMs = tailMs, Macs = [tailMs], Nodes = [1] };
}
