using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Tests.Simulation;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>Variant, cut and codec chosen together in random worlds that nothing was tuned on. What the policy is told of arms is 10 % off.</summary>
public class JointChoiceTests
{
    private const int Worlds = 120, Seed = 60_811;

    private static readonly Lazy<List<FamilyComparison>> Played = new(() =>
        [.. RandomFamily.Sequence(Worlds, Seed).Select(static (world, index) => FamilyComparison.Of(world, static setup => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), Seed + index))]);

    [Fact]
    public void It_costs_more_than_the_best_single_knob_of_the_world_in_few_worlds_and_by_little()
    {
        Assert.InRange(Played.Value.Count(static world => world.OverSingleKnob > 0.01), 0, 0.05 * Worlds);
        Assert.InRange(Played.Value.Count(static world => world.OverSingleKnob > 0.03), 0, 0.01 * Worlds);
    }

    [Fact]
    public void It_costs_little_more_than_the_best_arm_of_all_once_it_has_learned() => Assert.InRange(Played.Value.Average(static world => world.SteadyExcess), 0, 0.01);

    [Fact]
    public void It_is_worth_having_where_some_accuracy_may_be_given_up()
    {
        double[] gains = [.. Played.Value.Where(static world => world.MinAccuracy < 0.995).Select(static world => world.SingleKnobCost / world.Cost).Order()];
        Assert.InRange(gains[gains.Length / 2], 1.05, 3);
    }

    [Fact]
    public void Few_arms_are_left_and_they_lose_next_to_nothing()
    {
        Assert.All(Played.Value, static world => Assert.InRange(world.PrunedArms, 1, ArmPruning.MaxArmsOfAccuracy));
        Assert.InRange(Played.Value.Average(static world => world.PruningLoss), 0, 0.005);
    }

    [Fact]
    public void Every_frame_has_the_accuracy_that_is_asked_for_and_one_variant()
    {
        foreach (var world in RandomFamily.Sequence(6, Seed + 1))
        {
            var setup = FamilyComparison.SetupOf(world, Seed);
            var policy = new Watched(PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), decision =>
            {
                Assert.InRange(setup.Arms[decision.Arm.Index].Accuracy, world.MinAccuracy - 1e-9, 1);
                Assert.Equal(setup.Arms[decision.Arm.Index].Arm, decision.Arm);
                if (decision.Local is { } local) Assert.True(local.IsOnDevice && setup.Arms[local.Index].Arm == local);
            });
            Assert.Equal(world.Frames, new Simulator(world, Seed).Play(policy).Count());
        }
    }

    [Fact]
    public void A_world_is_found_again_by_its_name()
    {
        var world = RandomFamily.Sequence(4, Seed).Last();
        Assert.Equal(world.Arms.Select(static arm => arm.HeadMs), RandomFamily.Find(world.Name)!.Arms.Select(static arm => arm.HeadMs));
        Assert.Null(RandomFamily.Find("family/9/1"));
        Assert.Null(RandomFamily.Find("random/Steady/1"));
    }

    private sealed class Watched(IPartitionPolicy policy, Action<Decision> see) : PolicyWrapper(policy)
    {
        public override Decision Decide(in DecisionContext context)
        {
            var decision = base.Decide(context);
            see(decision);
            return decision;
        }
    }
}
