using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

/// <summary>What the default policy makes of replies that are late, in worlds in which nothing changes and another arm than the device is best.</summary>
public class MuLinUcbTests
{
    private static readonly Scenario[] Worlds =
        [.. RandomWorld.Sequence(200, seed: 83).Where(static w => w.Name.Contains("/Steady/", StringComparison.Ordinal) && Best(w) < w.Arms.Length - 1)];

    [Fact]
    public void A_reply_is_late_some_time_after_it_is_expected()
    {
        foreach (var world in Worlds)
        {
            var decision = Settle(world, canRace: true).Decide(default);
            if (decision.Arm.Index == world.Arms.Length - 1) continue;
            var remote = decision.PredictedSeconds - (world.Arms[decision.Arm.Index].HeadMs / 1e3);
            Assert.InRange(decision.LateAfterSeconds, remote, 5 * decision.PredictedSeconds);
        }
    }

    [Fact]
    public void Without_races_none_is_late()
    {
        Assert.NotEmpty(Worlds);
        Assert.All(Worlds, static world => Assert.Equal(0, Settle(world, canRace: false).Decide(default).LateAfterSeconds));
    }

    [Fact]
    public void After_one_that_was_overtaken_the_device_runs_everything_until_it_comes()
    {
        foreach (var world in Worlds)
        {
            var policy = Settle(world, canRace: true);
            var device = world.Arms.Length - 1;
            var decision = policy.Decide(default);
            while (decision.Arm.Index == device) decision = policy.Decide(default);
            policy.Observe(new() { Decision = decision, Server = ServerOutcome.Overdue, OffloadSeconds = 2 * decision.LateAfterSeconds, DeviceSeconds = world.Arms[device].HeadMs / 1e3 });
            Assert.Equal(device, policy.Decide(default).Arm.Index);

            // It was a hiccup.
            policy.Observe(Reply(world, decision));
            for (var frame = 0; frame < 20; frame++) Answer(policy, world);
            Assert.NotEqual(device, policy.Decide(default).Arm.Index);
        }
    }

    [Fact]
    public void One_that_never_comes_is_not_waited_for_long()
    {
        foreach (var world in Worlds)
        {
            var policy = Settle(world, canRace: true);
            var decision = policy.Decide(default);
            policy.Observe(new() { Decision = decision, Server = ServerOutcome.Overdue, OffloadSeconds = 1e-6, DeviceSeconds = 1 });
            var others = 0;
            for (var frame = 0; frame < 20; frame++) if (policy.Decide(default).Arm.Index < world.Arms.Length - 1) others++;
            Assert.True(others > 0, world.Name);
        }
    }

    private static IPartitionPolicy Settle(Scenario world, bool canRace)
    {
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 0, canRace));
        for (var frame = 0; frame < 100; frame++) Answer(policy, world);
        return policy;
    }

    private static void Answer(IPartitionPolicy policy, Scenario world)
    {
        policy.ObserveRoundTrip(server: 0, world.Servers[0].Link.At(0).RttMs / 1e3);
        var decision = policy.Decide(default);
        policy.Observe(Reply(world, decision));
    }

    private static Outcome Reply(Scenario world, Decision decision)
    {
        var index = decision.Arm.Index;
        var (arm, isOnDevice) = (world.Arms[index], index == world.Arms.Length - 1);
        return new()
        {
            Decision = decision,
            Server = isOnDevice ? ServerOutcome.NotAsked : ServerOutcome.Replied,
            HeadSeconds = arm.HeadMs / 1e3,
            OffloadSeconds = isOnDevice ? 0 : world.MeanSeconds(index, 0) - (arm.HeadMs / 1e3),
            ServerSeconds = isOnDevice ? 0 : arm.TailMs / 1e3,
            BytesSent = isOnDevice ? 0 : (long)(arm.PayloadBits / 8),
        };
    }

    private static int Best(Scenario world) => Enumerable.Range(0, world.Arms.Length).MinBy(arm => world.MeanSeconds(arm, 0));
}
