using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

/// <summary>Partitions that turn out to be of no use are not chosen any more, by any policy.</summary>
public class MaskTests
{
    public static TheoryData<string> Names => [.. PolicyNames.All.Where(static name => name is not (PolicyNames.Fixed or PolicyNames.AllOnDevice or PolicyNames.AllOnServer))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_masked_partition_is_not_chosen_from_then_on(string name)
    {
        var setup = Simulator.SetupOf(RandomWorld.Create(WorldKind.LinkSteps, seed: 3), seed: 3, isSingleCore: false);
        var policy = PolicyCatalog.Create(name, setup);
        for (var i = 0; i < 200; i++)
        {
            var decision = policy.Decide(new() { Quality = i % 7 == 0 ? QualityOfService.KeyFrame : default });
            var partition = decision.Arm.Cut;
            Assert.False(setup.Mask.Contains(decision.Arm), $"Partition {partition} at decision {i}.");
            policy.Observe(new() { Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = 0.001, OffloadSeconds = 0.002, ServerSeconds = 0.001, BytesSent = 1000 });
            policy.ObserveRoundTrip(server: 0, 0.001);
            // Whatever it likes is taken away, until only the device is left.
            if (i % 5 == 4 && partition != setup.Arms[^1].Arm.Cut) Assert.True(setup.Mask.Add(variant: 0, partition, "It does not load."));
        }

        Assert.NotEmpty(setup.Mask.Reasons);
    }

    /// <summary>A server that lacks the variant is not chosen, and is as before once it has it.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_variant_that_a_server_lacks_is_chosen_again_once_it_has_it(string name)
    {
        var setup = Simulator.SetupOf(RandomWorld.Create(WorldKind.LinkSteps, seed: 3), seed: 3, isSingleCore: false);
        var policy = PolicyCatalog.Create(name, setup);
        policy.ObserveRoundTrip(server: 0, 0.001);
        var remote = 0;
        for (var i = 0; i < 300; i++)
        {
            if (i == 100) Assert.True(setup.Mask.AddVariant(variant: 0, server: 0, "It has no such model."));
            if (i == 200) Assert.True(setup.Mask.RemoveVariant(variant: 0, server: 0));
            var decision = policy.Decide(default);
            if (i is >= 100 and < 200) Assert.True(decision.Arm.IsOnDevice, $"Partition {decision.Arm.Cut} at decision {i}.");
            if (i >= 200 && !decision.Arm.IsOnDevice) remote++;
            policy.Observe(decision.Arm.IsOnDevice
                ? new() { Decision = decision, HeadSeconds = 1 }
                : new() { Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = 0.001, OffloadSeconds = 0.002, ServerSeconds = 0.001, BytesSent = 1000 });
        }

        Assert.True(remote > 0);
        Assert.False(setup.Mask.RemoveVariant(variant: 0, server: 0));
        Assert.Empty(setup.Mask.Reasons);
    }
}
