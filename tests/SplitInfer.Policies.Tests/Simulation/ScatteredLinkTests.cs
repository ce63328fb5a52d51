using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>Delays may have scattered so much that no single request would tell a fast link from a slow one.</summary>
public class ScatteredLinkTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void A_device_that_runs_alone_still_looks_for_a_faster_link(bool canRace, bool isSingleCore)
    {
        // Where the device is the best even if nothing had to be sent there is nothing to look for.
        foreach (var world in RandomWorld.Sequence(110, seed: 19).Where(static world => world.Arms[..^1].Any(arm => 2 * (arm.HeadMs + arm.TailMs) < world.Arms[^1].HeadMs)))
        {
            var policy = PolicyWrapper.MuLinUcb(world, canRace, isSingleCore);
            var (device, frame, alone, random) = (world.Arms.Length - 1, 0, 0, new Random(3));
            for (; alone < 20 && frame < 2000; frame++)
            {
                var decision = Answer(policy, world, 1e-6 * random.NextDouble());
                alone = decision.Arm.Index == device ? alone + 1 : 0;
            }

            if (alone < 20) continue;
            var samples = 0;
            for (frame = 0; frame < 100_000 && samples == 0; frame++) if (Answer(policy, world, secondsPerBit: 1e-9).Arm.Index != device) samples++;
            Assert.True(samples > 0, world.Name);
        }
    }

    private static Decision Answer(IPartitionPolicy policy, Scenario world, double secondsPerBit)
    {
        policy.ObserveRoundTrip(server: 0, 0.001);
        var decision = policy.Decide(new());
        var (arm, isOnDevice) = (world.Arms[decision.Arm.Index], decision.Arm.Index == world.Arms.Length - 1);
        policy.Observe(isOnDevice ? new() { Decision = decision, HeadSeconds = arm.HeadMs / 1e3 } : new()
        {
            Decision = decision,
            Server = ServerOutcome.Replied,
            HeadSeconds = arm.HeadMs / 1e3,
            OffloadSeconds = 0.001 + (secondsPerBit * arm.PayloadBits) + (arm.TailMs / 1e3),
            ServerSeconds = arm.TailMs / 1e3,
            BytesSent = (long)(arm.PayloadBits / 8),
        });
        return decision;
    }
}
