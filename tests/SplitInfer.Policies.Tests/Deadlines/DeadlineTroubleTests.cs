using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>Decisions by deadline while cuts turn out to be unusable, servers are silent or refuse, objectives alternate and outcomes come late and in any order.</summary>
public class DeadlineTroubleTests
{
    private const int Requests = 150;

    [Theory]
    [InlineData(Trouble.Masks)]
    [InlineData(Trouble.Constraints)]
    [InlineData(Trouble.Silence)]
    [InlineData(Trouble.Refusals)]
    [InlineData(Trouble.Objectives)]
    [InlineData(Trouble.Uplink)]
    [InlineData(Trouble.Disorder)]
    [InlineData(Trouble.Masks | Trouble.Constraints | Trouble.Silence | Trouble.Refusals | Trouble.Objectives | Trouble.Uplink | Trouble.Disorder)]
    public void Every_decision_is_one_that_can_be_carried_out(Trouble trouble)
    {
        var asked = 0;
        for (var seed = 0; seed < 25; seed++) asked += Play(trouble, seed);
        Assert.True(asked > 25);
    }

    // The number of decisions that ask a server.
    private static int Play(Trouble trouble, int seed)
    {
        var family = new Family(seed, servers: 1 + (seed % 3), minCut: trouble.HasFlag(Trouble.Constraints) ? 1 : 0);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, family.Setup);
        var random = new ScenarioRandom(seed + 1);
        var waiting = new List<Outcome>();
        var asked = 0;
        for (var i = 0; i < Requests; i++)
        {
            var context = new DecisionContext
            {
                Objective = trouble.HasFlag(Trouble.Objectives) && i % 2 == 0 ? Objective.LeastTime : Objective.MostAccurateBy,
                RemainingSeconds = random.LogUniform(2e-3, 1),
                UplinkSeconds = trouble.HasFlag(Trouble.Uplink) ? random.LogUniform(1e-3, 0.1) : 0,
            };
            var decision = policy.Decide(context);
            Check(family, decision, context);
            waiting.Add(OutcomeOf(trouble, family, decision, context, random));
            if (!decision.Arm.IsOnDevice) asked++;

            // Whatever it likes is taken away now and then.
            if (trouble.HasFlag(Trouble.Masks) && i % 10 == 9 && !decision.Arm.IsOnDevice) family.Setup.Mask.Add(decision.Arm.Variant, decision.Arm.Cut, "It does not load.");
            while (waiting.Count > (trouble.HasFlag(Trouble.Disorder) ? 12 : 0))
            {
                var next = random.Whole(0, waiting.Count - 1);
                policy.Observe(waiting[next]);
                waiting.RemoveAt(next);
            }
        }

        return asked;
    }

    private static void Check(Family family, in Decision decision, in DecisionContext context)
    {
        Assert.Contains(decision.Arm, family.Usable(context.UnavailableServers));
        if (decision.Local is { } local) Assert.True(local.IsOnDevice && family.Setup.Arms[local.Index].Arm == local);
        if (context.Objective == Objective.LeastTime)
        {
            Assert.True(decision is { InTimeProbability: null, ExpectedAccuracy: null, HedgeAfterSeconds: null });
            return;
        }

        Assert.InRange(decision.InTimeProbability!.Value, 0, 1);
        Assert.InRange(decision.ExpectedAccuracy!.Value, 0, 1);
        Assert.Equal(decision.HedgeAfterSeconds is null, decision.Local is null);
        if (decision.HedgeAfterSeconds is not { } start) return;

        // Not before a head of the device's own has run, where it runs there, and while it still helps.
        var head = context.UplinkSeconds > 0 ? 0 : family.Head(decision.Arm);
        Assert.InRange(start, 0.5 * head, Math.Max(context.RemainingSeconds!.Value + context.UplinkSeconds, 0.5 * head));
    }

    private static Outcome OutcomeOf(Trouble trouble, Family family, in Decision decision, in DecisionContext context, ScenarioRandom random)
    {
        var replied = family.Answer(decision, random.LogUniform(1e-4, 0.1), 1);
        if (decision.Arm.IsOnDevice) return replied;
        if (trouble.HasFlag(Trouble.Silence) && random.Flag(0.5))
            return replied with { Server = ServerOutcome.Overdue, OffloadSeconds = context.RemainingSeconds!.Value, ServerSeconds = 0, DeviceSeconds = decision.Local is { } local ? family.Head(local) : 0 };
        return trouble.HasFlag(Trouble.Refusals) && random.Flag(0.5) ? replied with { Server = ServerOutcome.Refused, OffloadSeconds = 1e-3, ServerSeconds = 0 } : replied;
    }

    [Flags]
    public enum Trouble
    {
        None = 0,
        Masks = 1,
        Constraints = 2,
        Silence = 4,
        Refusals = 8,
        Objectives = 16,
        Uplink = 32,
        Disorder = 64,
    }
}
