using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

/// <summary>Arms whose heads take longer than a request has left are not chosen, unless no other arm is left.</summary>
public class DeadlineTests
{
    /// <summary>How far an estimate of a head may be from its delay although nothing scatters.</summary>
    private const double Tolerance = 1.1;

    public static TheoryData<string> Names => MaskTests.Names;

    public static TheoryData<string> ThatChooseByTime => [.. PolicyNames.All.Where(static name => name is not (PolicyNames.MdInferencePaper or PolicyNames.Fixed or PolicyNames.AllOnDevice or PolicyNames.AllOnServer))];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_arm_that_cannot_meet_the_deadline_is_chosen_only_where_none_can(string name) =>
        Prop.ForAll(Cases(), @case =>
        {
            var played = Play(name, @case);
            foreach (var (decision, remaining, away) in played.Decisions)
            {
                double[] heads = [.. Allowed(played.Setup, away).Select(arm => Head(played.Setup, arm))];
                if (heads.Any(head => head * Tolerance <= remaining)) Assert.InRange(Head(played.Setup, decision.Arm), 0, remaining * Tolerance);
                Assert.Contains(decision.Arm, Allowed(played.Setup, away));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20261128, 7, 0));

    [Theory]
    [MemberData(nameof(ThatChooseByTime))]
    public void A_deadline_that_every_arm_meets_or_none_changes_nothing(string name) =>
        Prop.ForAll(Cases(), @case =>
        {
            var free = Play(name, @case with { Deadlines = [] });
            Assert.Equal(Chosen(free), Chosen(Play(name, @case with { Deadlines = [1e9] })));
            Assert.Equal(Chosen(free), Chosen(Play(name, @case with { Deadlines = [-1] })));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30).WithReplay(20261128, 9, 0));

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_the_device_alone_is_too_slow_a_server_is_used_however_slow_it_is(string name)
    {
        var setup = Setup(servers: 2, seed: 3);
        var policy = PolicyCatalog.Create(name, setup);
        var whole = Head(setup, setup.Arms[^1].Arm);
        for (var i = 0; i < 100; i++)
        {
            var isLimited = i % 3 == 0;
            var decision = policy.Decide(new() { RemainingSeconds = isLimited ? whole / 2 : null });
            if (isLimited) Assert.False(decision.Arm.IsOnDevice, $"decision {i}");
            policy.Observe(Slow(setup, decision, whole));
        }

        // And with it away the device does what it can.
        Assert.True(policy.Decide(new() { RemainingSeconds = whole / 2, UnavailableServers = 3 }).Arm.IsOnDevice);
    }

    [Fact]
    public void The_default_goes_by_how_slow_the_device_is_now()
    {
        var setup = Setup(servers: 1, seed: 3);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        var whole = Head(setup, setup.Arms[^1].Arm);
        Assert.Contains([.. Enumerable.Range(0, 50).Select(_ => Answer(4))], static decision => decision.Arm.IsOnDevice);
        Assert.DoesNotContain([.. Enumerable.Range(0, 50).Select(_ => Answer(2))], static decision => decision.Arm.IsOnDevice);

        // The device takes three times what its profile says.
        Decision Answer(double remaining)
        {
            var decision = policy.Decide(new() { RemainingSeconds = remaining * whole });
            policy.Observe(Slow(setup, decision, 10 * whole) with { HeadSeconds = 3 * Head(setup, decision.Arm) });
            return decision;
        }
    }

    [Fact]
    public void Deciding_under_a_deadline_allocates_nothing()
    {
        var setup = Setup(servers: 3, seed: 5);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        var whole = Head(setup, setup.Arms[^1].Arm);
        Decide(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decide(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Decide(int times)
        {
            for (var i = 0; i < times; i++) policy.Observe(Slow(setup, policy.Decide(new() { RemainingSeconds = i % 4 == 0 ? null : whole * i / times }), whole / 4));
        }
    }

    private static Arbitrary<Case> Cases() => (
        from seed in Gen.Choose(0, 10_000)
        from servers in Gen.Choose(1, 3)
        from canRace in Gen.Elements(true, false)
        from deadlines in Gen.Choose(0, 1500).Select(static part => part / 1000.0).ListOf(10)
        from away in Gen.Choose(0, (1 << servers) - 1).ListOf(7)
        select new Case(seed, servers, canRace, [.. deadlines], [.. away])).ToArbitrary();

    private static Played Play(string name, Case @case)
    {
        var setup = Setup(@case.Servers, @case.Seed, @case.CanRace);
        var policy = PolicyCatalog.Create(name, setup);
        var whole = Head(setup, setup.Arms[^1].Arm);
        var played = new Played(setup, []);
        for (var i = 0; i < 60; i++)
        {
            var remaining = @case.Deadlines.Length == 0 ? (double?)null : @case.Deadlines[i % @case.Deadlines.Length] * whole;
            var away = (ulong)@case.Away[i % @case.Away.Length];
            var decision = policy.Decide(new() { RemainingSeconds = remaining, UnavailableServers = away, Quality = i % 5 == 0 ? QualityOfService.KeyFrame : default });
            played.Decisions.Add((decision, remaining ?? double.PositiveInfinity, away));
            policy.Observe(Slow(setup, decision, whole * (i / 20)));
        }

        return played;
    }

    private static IEnumerable<Decision> Chosen(Played played) => played.Decisions.Select(static d => d.Decision);

    // Heads take what the profile says, and the server takes a given time.
    private static Outcome Slow(PolicySetup setup, in Decision decision, double offloadSeconds) => decision.Arm.IsOnDevice
        ? new() { Decision = decision, HeadSeconds = Head(setup, decision.Arm) }
        : new() { Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = Head(setup, decision.Arm), OffloadSeconds = offloadSeconds + 0.002, ServerSeconds = 0.001, BytesSent = 1000 };

    private static PolicySetup Setup(int servers, int seed, bool canRace = true) =>
        Simulator.SetupOf(RandomServers.Create(ServersKind.Steady, servers, seed), seed, canRace);

    private static double Head(PolicySetup setup, Arm arm) => setup.Heads.SecondsOf(arm.Variant, arm.Cut);

    private static IEnumerable<Arm> Allowed(PolicySetup setup, ulong away) =>
        setup.Arms.Select(static arm => arm.Arm).Where(arm => arm.IsOnDevice || ((away >> arm.Server) & 1) == 0);

    private sealed record Case(int Seed, int Servers, bool CanRace, double[] Deadlines, int[] Away);

    private sealed record Played(PolicySetup Setup, List<(Decision Decision, double Remaining, ulong Away)> Decisions);
}
