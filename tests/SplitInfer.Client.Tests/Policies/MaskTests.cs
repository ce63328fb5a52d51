using SplitInfer.Client.Policies;
using SplitInfer.Client.Simulation;
using SplitInfer.Client.Simulation.RandomWorlds;

namespace SplitInfer.Client.Tests.Policies;

/// <summary>Partitions that turn out to be of no use are not chosen any more, by any policy.</summary>
public class MaskTests
{
    public static TheoryData<string> Names => [.. PolicyNames.All.Where(static name => name is not (PolicyNames.Fixed or PolicyNames.AllOnDevice or PolicyNames.AllOnServer))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_masked_partition_is_not_chosen_from_then_on(string name)
    {
        var setup = Simulator.SetupOf(RandomWorld.Create(WorldKind.LinkSteps, seed: 3), seed: 3, hasOneCore: false);
        var policy = PolicyCatalog.Create(name, setup);
        for (var i = 0; i < 200; i++)
        {
            var decision = policy.Decide(new() { IsKeyFrame = i % 7 == 0 });
            var partition = decision.Arm.Partition.Index;
            Assert.False(setup.Mask.Contains(partition), $"Partition {partition} at decision {i}.");
            policy.Observe(decision, new() { HeadSeconds = 0.001, OffloadSeconds = 0.002, ServerSeconds = 0.001, BytesSent = 1000 });
            policy.ObserveRoundTrip(0.001);
            // Whatever it likes is taken away, until only the device is left.
            if (i % 5 == 4 && partition != setup.Arms[^1].Arm.Partition.Index) Assert.True(setup.Mask.Add(partition, "It does not load."));
        }

        Assert.NotEmpty(setup.Mask.Reasons);
    }
}
