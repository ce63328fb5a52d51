using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>What holds for every decision by deadline, in any family, whatever happens to the requests.</summary>
public class DeadlineChoiceTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void No_arm_is_less_accurate_than_asked_for_while_another_one_is_not() => ForAll((family, decision, context) =>
    {
        var usable = family.Usable(context.UnavailableServers).ToArray();
        var asked = Math.Min(context.MinAccuracy, usable.Max(arm => family.Accuracy(arm)));
        Assert.InRange(family.Accuracy(decision.Arm), asked - Tolerance, 1);
        Assert.Contains(decision.Arm, usable);
    });

    [Fact]
    public void By_time_no_arm_is_less_accurate_than_asked_for_either_and_what_stands_in_is_a_whole_variant() => ForAll((family, decision, context) =>
    {
        var usable = family.Usable(context.UnavailableServers).ToArray();
        Assert.InRange(family.Accuracy(decision.Arm), Math.Min(context.MinAccuracy, usable.Max(arm => family.Accuracy(arm))) - Tolerance, 1);
        Assert.Null(decision.HedgeAfterSeconds);
        if (decision.Local is { } local) Assert.True(local.IsOnDevice && local.Cut == family.Setup.Heads.CountOf(local.Variant) - 1);
    }, Objective.LeastTime);

    [Fact]
    public void Variants_are_never_mixed() => ForAll((family, decision, _) =>
    {
        Assert.Equal(family.Setup.Arms[decision.Arm.Index].Arm, decision.Arm);
        if (decision.Local is { } local) Assert.True(local.IsOnDevice && family.Setup.Arms[local.Index].Arm == local && local.Cut == family.Setup.Heads.CountOf(local.Variant) - 1);
        if (decision.Shadow is { } shadow) Assert.Equal(decision.Arm with { Index = 0, Server = 0 }, shadow with { Index = 0, Server = 0 });
    });

    [Fact]
    public void A_probability_is_one_and_what_is_expected_is_what_it_makes_of_the_two_answers() => ForAll((family, decision, context) =>
    {
        Assert.InRange(decision.InTimeProbability!.Value, 0, 1);
        var (probability, own) = (decision.InTimeProbability.Value, family.Accuracy(decision.Arm));
        if (decision.Local is not { } local) return;
        var floor = family.Accuracy(local) >= context.MinAccuracy - Tolerance ? family.Accuracy(local) : 0;
        var expected = (probability * own) + ((1 - probability) * floor);
        if (family.Accuracy(local) >= context.MinAccuracy || family.Setup.Arms.Any(arm => arm.Accuracy >= context.MinAccuracy)) Assert.Equal(expected, decision.ExpectedAccuracy!.Value, Tolerance);
    });

    [Fact]
    public void What_the_device_starts_late_still_has_its_time() => ForAll((family, decision, context) =>
    {
        if (decision is not { HedgeAfterSeconds: { } start, Local: { } local }) return;
        var head = family.Head(decision.Arm);
        var rest = family.Head(local) - (local.Variant == decision.Arm.Variant ? head : 0);
        Assert.InRange(start, 0, Math.Max(0, context.RemainingSeconds!.Value - rest) + Tolerance);
    }, isExact: true);

    [Fact]
    public void What_is_chosen_is_expected_to_be_no_worse_than_the_device_alone()
    {
        // Some hundredths of what the device promises are what asking a server has to add.
        ForAll((family, decision, context) =>
        {
            var alone = family.Setup.Arms.Where(arm => arm.Arm.IsOnDevice && arm.Accuracy >= context.MinAccuracy && 1.5 * family.Head(arm.Arm) <= context.RemainingSeconds)
                .Select(static arm => arm.Accuracy).DefaultIfEmpty(0).Max();
            if (!decision.IsForced) Assert.InRange(decision.ExpectedAccuracy!.Value, alone - 0.002, 1);
        }, isExact: true);
    }

    [Fact]
    public void Without_hedges_the_device_never_runs_beside_a_server() => ForAll((_, decision, _) => Assert.True(decision is { Local: null, HedgeAfterSeconds: null }), hedge: Hedge.Never);

    [Fact]
    public void Hedged_always_it_starts_with_the_request() => ForAll((_, decision, _) =>
    {
        if (decision.Local is not null) Assert.Equal(0, decision.HedgeAfterSeconds);
    }, hedge: Hedge.Always);

    [Fact]
    public void More_time_is_never_a_smaller_probability() => Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
    {
        var before = -1.0;
        for (var milliseconds = 1; milliseconds < 2000; milliseconds += 37)
        {
            // The same history each time, so that only the last question differs.
            var family = new Family(seed);
            var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Single(family));
            var random = new ScenarioRandom(seed);
            for (var i = 0; i < 40; i++) policy.Observe(family.Answer(policy.Decide(Ask(0.1, 0)), random.LogUniform(1e-3, 0.5), 1));
            var decision = policy.Decide(Ask(milliseconds / 1e3, 0));
            if (decision.Arm.IsOnDevice) continue;
            Assert.InRange(decision.InTimeProbability!.Value, before, 1);
            before = decision.InTimeProbability.Value;
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(15).WithReplay(20261129, 3, 0));

    [Fact]
    public void Without_a_deadline_the_most_accurate_arm_is_taken()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var family = new Family(seed);
            var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
            // What is asked only to learn of a server is no less accurate either.
            for (var i = 0; i < 100; i++)
            {
                var decision = policy.Decide(new() { Objective = Objective.MostAccurateBy });
                Assert.Equal(family.Setup.Arms.Max(static arm => arm.Accuracy), family.Accuracy(decision.Arm), 9);
                policy.Observe(family.Answer(decision, 0, 1));
            }
        }
    }

    [Fact]
    public void Deciding_by_deadline_allocates_nothing()
    {
        var family = new Family(seed: 3, servers: 3);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
        Decide(2000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decide(2000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Decide(int times)
        {
            for (var i = 0; i < times; i++) policy.Observe(family.Answer(policy.Decide(Ask(0.01 + (0.2 * i / times), i % 3 * 0.3)), 0.01 * (i % 13), 1));
        }
    }

    [Fact]
    public void What_was_learned_of_time_comes_back()
    {
        const int Servers = 2;
        var family = new Family(seed: 8, Servers);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
        for (var i = 0; i < 400; i++) policy.Observe(family.Answer(policy.Decide(Ask(0.3, 0)), 0.01 * (i % 17), 1));
        var saved = Numbers(policy);
        var restored = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);

        // Of each server seconds a bit and how many residuals there are, and how many there are of the device, follow what is kept of costs.
        var costs = Numbers(restored).Length - (2 * Servers) - 1;
        restored.State!.Restore(new(saved));
        Assert.Equal(saved[costs..], Numbers(restored)[costs..]);
        Assert.True(saved.Length - costs > 256);
        foreach (var deadline in (double[])[0.05, 0.1, 0.2, 0.4])
        {
            var (expected, decision) = (policy.Decide(Ask(deadline, 0)), restored.Decide(Ask(deadline, 0)));
            Assert.Equal((expected.Arm, expected.Local), (decision.Arm, decision.Local));
            Assert.Equal(expected.InTimeProbability!.Value, decision.InTimeProbability!.Value, 0.02);
        }

        Assert.Throws<PolicyStateException>(() => restored.State.Restore(new(saved.AsMemory(0, saved.Length - 1))));
    }

    private static double[] Numbers(IPartitionPolicy policy)
    {
        var writer = new PolicyStateWriter();
        policy.State!.Save(writer);
        return [.. writer.Numbers];
    }

    // Without codecs and cuts, so that every decision is about the same arm.
    private static PolicySetup Single(Family family) => new()
    {
        Arms = [.. family.Setup.Arms.Where(static arm => arm.Arm is { Server: 0, Variant: 0, Cut: 0, Codec: 0 } or { Variant: 0, IsOnDevice: true }).Select(static (arm, index) => arm with { Arm = arm.Arm with { Index = index } })],
        Heads = family.Setup.Heads,
    };

    private static DecisionContext Ask(double remaining, double minAccuracy) => new() { Objective = Objective.MostAccurateBy, RemainingSeconds = remaining, MinAccuracy = minAccuracy };

    // isExact: delays are what they should be, so that what is expected of the device is what it takes.
    private static void ForAll(Action<Family, Decision, DecisionContext> check, Objective objective = Objective.MostAccurateBy, Hedge hedge = Hedge.WhenLate, bool isExact = false) =>
        Prop.ForAll(Cases(), @case =>
        {
            var family = new Family(@case.Seed, @case.Servers, hedge);
            var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
            var random = new ScenarioRandom(@case.Seed + 1);
            for (var i = 0; i < 80; i++)
            {
                var context = new DecisionContext
                {
                    Objective = objective,
                    RemainingSeconds = random.LogUniform(2e-3, 1),
                    MinAccuracy = random.Flag(0.5) ? 0 : random.Uniform(0.2, 1.1),
                    UnavailableServers = (ulong)@case.Away[i % @case.Away.Length],
                };
                var decision = policy.Decide(context);
                check(family, decision, context);
                var outcome = family.Answer(decision, random.LogUniform(1e-4, i < 40 ? 0.05 : 0.6), isExact ? 1 : random.Factor(0.2));
                var isLate = outcome.Server == ServerOutcome.Replied && outcome.HeadSeconds + outcome.OffloadSeconds > context.RemainingSeconds;
                if (!isLate)
                {
                    policy.Observe(outcome);
                    continue;
                }

                policy.Observe(outcome with { Server = ServerOutcome.Overdue, OffloadSeconds = Math.Max(1e-3, context.RemainingSeconds!.Value - outcome.HeadSeconds), ServerSeconds = 0, DeviceSeconds = decision.Local is { } local ? family.Head(local) * RaceModel.Overhead : 0 });
                policy.Observe(outcome with { Kind = OutcomeKind.LateReply, HeadSeconds = 0 });
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20261129, 5, 0));

    private static Arbitrary<Case> Cases() => (
        from seed in Gen.Choose(0, 100_000)
        from servers in Gen.Choose(1, 3)
        from away in Gen.Choose(0, (1 << servers) - 1).ListOf(6)
        select new Case(seed, servers, [.. away])).ToArbitrary();

    private sealed record Case(int Seed, int Servers, int[] Away);
}
