using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

public class PolicyStateTests
{
    /// <summary>Numbers about residuals where one server has none: seconds a bit, how many of the server and how many of the device.</summary>
    private const int NoResiduals = 3;

    [Fact]
    public void What_was_learned_comes_back_number_for_number()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var world = RandomWorld.Create(WorldKind.Mixed, seed);
            var learned = Numbers(Learned(world));
            var (restored, again) = (Cold(world), Cold(world));
            restored.State!.Restore(new(learned));
            again.State!.Restore(new(learned));

            // What is restored is trusted a little less, and the means are as before.
            Assert.Equal(Numbers(restored), Numbers(again));
            Assert.NotEqual(Numbers(Cold(world)), Numbers(restored));
            Assert.Equal(learned.Take(world.Arms.Length), Numbers(restored).Take(world.Arms.Length));
        }
    }

    [Fact]
    public void What_a_release_wrote_that_kept_no_residuals_is_read()
    {
        var world = RandomWorld.Create(WorldKind.Mixed, 5);
        var (learned, restored, earlier) = (Numbers(Learned(world)), Cold(world), Cold(world));
        restored.State!.Restore(new(learned));
        earlier.State!.Restore(new(learned.AsMemory(0, learned.Length - NoResiduals)));
        Assert.Equal(Numbers(restored), Numbers(earlier));
        Assert.Equal(2, earlier.State.Version);
    }

    [Fact]
    public void Numbers_that_cannot_be_are_refused_and_nothing_is_taken_over()
    {
        var world = RandomWorld.Create(WorldKind.LinkSteps, 3);
        var (learned, policy) = (Numbers(Learned(world)), Cold(world));
        var before = Numbers(policy);
        for (var at = 0; at < learned.Length; at++)
        {
            var damaged = (double[])learned.Clone();
            damaged[at] = double.NaN;
            Assert.Throws<PolicyStateException>(() => policy.State!.Restore(new(damaged)));
            if (at != learned.Length - NoResiduals) Assert.Throws<PolicyStateException>(() => policy.State!.Restore(new(learned.AsMemory(0, at))));
        }

        Assert.Throws<PolicyStateException>(() => policy.State!.Restore(new((double[])[.. learned, 1])));
        Assert.Equal(before, Numbers(policy));
    }

    private static IPartitionPolicy Cold(Scenario world) => PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 0));

    private static IPartitionPolicy Learned(Scenario world)
    {
        var policy = Cold(world);
        foreach (var _ in new Simulator(world, seed: 0).Play(policy)) { }
        return policy;
    }

    private static double[] Numbers(IPartitionPolicy policy)
    {
        var writer = new PolicyStateWriter();
        policy.State!.Save(writer);
        return [.. writer.Numbers];
    }
}
