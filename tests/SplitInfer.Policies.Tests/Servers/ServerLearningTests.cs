using SplitInfer.Policies.Learning;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Servers;

public class ServerLearningTests
{
    private static readonly Scenario World = RandomServers.Create(ServersKind.Steady, servers: 3, seed: 5);

    [Fact]
    public void An_outcome_teaches_the_server_it_ran_on_and_no_other()
    {
        var costs = Costs(out var setup);
        var before = Estimates(costs);
        var arm = setup.Arms.First(static a => a.Arm.Server == 1).Arm;
        costs.Observe(new() { Decision = new() { Arm = arm, Sequence = 1 }, Server = ServerOutcome.Replied, OffloadSeconds = 3, ServerSeconds = 1, BytesSent = 1000 });
        var after = Estimates(costs);
        Assert.Equal([before[0], before[2]], [after[0], after[2]]);
        Assert.NotEqual(before[1].Tail, after[1].Tail);
        Assert.NotEqual(before[1].Link, after[1].Link);
    }

    [Fact]
    public void A_round_trip_is_of_the_server_that_was_pinged()
    {
        var costs = Costs(out _);
        var before = Estimates(costs);
        costs.ObserveRoundTrip(server: 2, seconds: 0.7, sequence: 1);
        costs.ObserveRoundTrip(server: 63, seconds: 0.7, sequence: 1);
        var after = Estimates(costs);
        Assert.Equal(before[..2], after[..2]);
        Assert.NotEqual(before[2], after[2]);
    }

    [Fact]
    public void An_overdue_reply_closes_its_server_only()
    {
        var costs = Costs(out var setup);
        for (var server = 0; server < 3; server++) Observe(setup, costs, server, ServerOutcome.Replied, sequence: 1);
        Observe(setup, costs, server: 1, ServerOutcome.Overdue, sequence: 2);
        costs.Advance(default, sequence: 3);
        Assert.Equal([0, 2], costs.Open.ToArray());
        Observe(setup, costs, server: 1, ServerOutcome.Replied, sequence: 2);
        costs.Advance(default, sequence: 4);
        Assert.Equal([0, 1, 2], costs.Open.ToArray());
    }

    [Fact]
    public void Heads_and_payloads_are_shared_by_the_servers_and_tails_are_not()
    {
        var rows = new ArmTable(Simulator.SetupOf(World, seed: 0)).Rows;
        var tails = World.Arms.Length - 1;
        Assert.Equal((tails + 1, tails + 1), (rows.Heads, rows.Payloads));
        Assert.Equal(rows.Payload[..tails], rows.Payload[tails..(2 * tails)]);
        Assert.Equal(Enumerable.Range(0, tails), rows.Tail[tails..(2 * tails)]);
    }

    private static CostModel Costs(out PolicySetup setup)
    {
        setup = Simulator.SetupOf(World, seed: 0);
        return new(setup, new(setup));
    }

    private static void Observe(PolicySetup setup, CostModel costs, int server, ServerOutcome outcome, long sequence) => costs.Observe(new()
    {
        Decision = new() { Arm = setup.Arms.First(a => a.Arm.Server == server).Arm, Sequence = sequence },
        Server = outcome,
        OffloadSeconds = 0.1,
        ServerSeconds = outcome == ServerOutcome.Replied ? 0.01 : 0,
        DeviceSeconds = outcome == ServerOutcome.Overdue ? 0.2 : 0,
        BytesSent = 1000,
    });

    private static (double Tail, LinkDelay Link)[] Estimates(CostModel costs) =>
        [.. costs.Servers.Select(static server => (server.Tails.Seconds(0), server.Link.Delay))];
}
