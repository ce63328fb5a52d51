using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Tests.Deadlines;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>What holds for arms under a variant that experience chose, in any family, whatever happens to the requests.</summary>
public class ExperienceObjectiveTests
{
    [Theory]
    [InlineData(PolicyNames.MuLinUcb)]
    [InlineData(PolicyNames.MuLinUcbPaper)]
    [InlineData(PolicyNames.LinUcb)]
    [InlineData(PolicyNames.EpsilonGreedy)]
    [InlineData(PolicyNames.Neurosurgeon)]
    public void Every_arm_is_of_the_variant_while_one_of_it_can_be_used(string name) => Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
    {
        var family = new Family(seed, servers: 1 + (seed % 3));
        var policy = PolicyCatalog.Create(name, family.Setup);
        var random = new ScenarioRandom(seed);
        var variants = family.Setup.Arms.Max(static arm => arm.Arm.Variant) + 1;
        for (var i = 0; i < 60; i++)
        {
            var context = new DecisionContext
            {
                Objective = Objective.Experience,
                Variant = random.Whole(0, variants),
                UnavailableServers = random.Flag(0.3) ? (ulong)random.Whole(0, 7) : 0,
                MinAccuracy = random.Flag(0.5) ? 0 : random.Uniform(0.2, 1.1),
                RemainingSeconds = random.Flag(0.5) ? null : random.LogUniform(2e-3, 1),
            };
            var decision = policy.Decide(context);
            var usable = family.Usable(context.UnavailableServers).ToArray();
            Assert.Contains(decision.Arm, usable);
            Arm[] own = [.. usable.Where(arm => arm.Variant == context.Variant)];
            if (own.Length > 0)
            {
                Assert.Equal(context.Variant, decision.Arm.Variant);
                if (decision.Shadow is { } shadow) Assert.Equal(context.Variant, shadow.Variant);
                Assert.InRange(family.Accuracy(decision.Arm), Math.Min(context.MinAccuracy, own.Max(arm => family.Accuracy(arm))) - 1e-9, 1);
            }

            policy.Observe(family.Answer(decision, random.LogUniform(1e-4, 0.05), 1));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(20261129, 9, 0));

    [Fact]
    public void Without_a_variant_and_under_another_objective_nothing_is_different()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var family = new Family(seed);
            var (plain, other) = (PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup), PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup));
            for (var i = 0; i < 40; i++)
            {
                var decision = plain.Decide(default);
                Assert.Equal(decision, other.Decide(i % 2 == 0 ? new() { Objective = Objective.Experience } : new() { Variant = 1 }));
                plain.Observe(family.Answer(decision, 0.01, 1));
                other.Observe(family.Answer(decision, 0.01, 1));
            }
        }
    }

    [Fact]
    public void The_fastest_arm_of_the_variant_is_found()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var family = new Family(seed);
            var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
            var variant = seed % (family.Setup.Arms.Max(static arm => arm.Arm.Variant) + 1);
            Decision last = default;
            for (var i = 0; i < 200; i++)
            {
                last = policy.Decide(new() { Objective = Objective.Experience, Variant = variant });
                policy.Observe(family.Answer(last, 0, 1));
            }

            var fastest = family.Setup.Arms.Where(arm => arm.Arm.Variant == variant).Min(arm => Seconds(arm.Arm));
            if (!last.IsForced) Assert.InRange(Seconds(last.Arm), fastest, 1.1 * fastest);

            double Seconds(in Arm arm)
            {
                var outcome = family.Answer(new() { Arm = arm }, 0, 1);
                return outcome.HeadSeconds + outcome.OffloadSeconds;
            }
        }
    }
}
