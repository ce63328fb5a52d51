using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>The budget of profiling may allow for the whole model only. Requests measure the other heads, whatever else changes meanwhile.</summary>
public class CoarseProfileTests
{
    private const int Worlds = 110;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Heads_that_requests_measure_cost_little_more_than_profiled_ones(bool canRace, bool isSingleCore)
    {
        var (coarse, full) = (0.0, 0.0);
        foreach (var world in RandomWorld.Sequence(Worlds, seed: 73))
        {
            coarse += PolicyWrapper.ExcessRatio(world, Coarse(world, canRace, isSingleCore));
            full += PolicyWrapper.ExcessRatio(world, PolicyWrapper.MuLinUcb(world, canRace, isSingleCore));
        }

        Assert.InRange((coarse - full) / Worlds, -1, canRace ? 0.005 : 0.015);
    }

    private static Refined Coarse(Scenario world, bool canRace, bool isSingleCore)
    {
        var known = Simulator.SetupOf(world, seed: 0, canRace, isSingleCore);
        var work = new double[known.Heads.Count];
        foreach (var arm in world.Arms) work[arm.Partition] = world.Arms[0].Macs.Sum() - arm.Macs.Sum();
        HeadProfile heads = new(work);
        heads.Record(world.Arms[^1].Partition, world.Arms[^1].HeadMs / 1e3);
        PolicySetup setup = new() { Arms = known.Arms, Heads = heads, Servers = known.Servers, CanRace = canRace, IsSingleCore = isSingleCore };
        return new(PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), new(heads));
    }

    private sealed class Refined(IPartitionPolicy policy, HeadProfileUpdater heads) : PolicyWrapper(policy)
    {
        public override Decision Decide(in DecisionContext context)
        {
            var decision = base.Decide(context);
            Assert.InRange(decision.PredictedSeconds, 1e-9, 1e9);
            return decision;
        }

        public override void Observe(in Outcome outcome)
        {
            if (outcome.HeadSeconds > 0) heads.Observe(outcome.Decision.Arm.Cut, outcome.HeadSeconds);
            base.Observe(outcome);
        }
    }
}
