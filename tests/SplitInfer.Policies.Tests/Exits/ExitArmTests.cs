using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Learning;
using SplitInfer.Policies.MuLinUcb;
using SplitInfer.Policies.Tests.Simulation;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Exits;

/// <summary>Arms with exits: what they cost, what a request that left early teaches, and that an exit which never answers changes nothing.</summary>
public class ExitArmTests
{
    private const int Seed = 31;

    [Fact]
    public void An_exit_that_never_answers_changes_no_decision() => Prop.ForAll(Gen.Choose(1, 100_000).ToArbitrary(), seed =>
    {
        var world = RandomServers.Create(ServersKind.Several, servers: 2, seed);
        var plain = world with { Frames = 120 };
        var exits = plain with { Arms = [.. plain.Arms.Select((arm, i) => i < plain.Arms.Length - plain.Locals ? arm with { Exit = new(1, 0) } : arm)] };
        var (a, b) = (Play(plain, seed), Play(exits, seed));
        return a.SequenceEqual(b);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void The_best_arm_never_costs_more_with_exits_to_choose_among_than_without() => Prop.ForAll(Gen.Choose(1, 100_000).ToArbitrary(), seed =>
    {
        var setup = Simulator.SetupOf(RandomJoint.Create(JointKind.Steady, 0.03, seed), seed);
        ArmDescription[] without = [.. setup.Arms.Where(static arm => arm.Arm.Exit == 0)];
        var plain = With(setup, [.. without.Select(static (arm, i) => arm with { Arm = arm.Arm with { Index = i } })]);
        return Least(setup) <= Least(plain) * (1 + 1e-9);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Theory]
    [InlineData(0.2, 0.7)]
    [InlineData(0.8, 0.3)]
    public void The_rate_of_an_exit_is_learned(double told, double truth)
    {
        var setup = Setup(told);
        var costs = new CostModel(setup, new(setup, withExits: true));
        var draws = new Random(Seed);
        for (var i = 1; i <= 3_000; i++) costs.Observe(draws.NextDouble() < truth ? Left(setup, i) : Replied(setup, i));
        Assert.InRange(1 - costs.Exits.Stay(0), truth - 0.1, truth + 0.1);
    }

    [Fact]
    public void A_request_that_another_exit_answered_teaches_that_this_one_did_not()
    {
        // Such a request says nothing of how long the whole model takes, so that its time is not told.
        var setup = Setup(0.9, isRemote: false);
        var costs = new CostModel(setup, new(setup, withExits: true));
        for (var i = 1; i <= 300; i++) costs.Observe(Left(setup, i) with { Exit = 2, HeadSeconds = 0 });
        Assert.InRange(costs.Exits.Stay(0), 0.8, 1);
    }

    [Fact]
    public void An_exit_that_was_not_let_answer_teaches_nothing_and_one_that_the_device_passed_by_other_exits_was_not_sure()
    {
        var setup = Setup(0.9, isRemote: false);
        var costs = new CostModel(setup, new(setup, withExits: true));
        for (var i = 1; i <= 300; i++) costs.Observe(Left(setup, i) with { Exit = 0, HeadSeconds = 0.04, IsExitBarred = true });
        Assert.Equal(0.1, costs.Exits.Stay(0), 1e-9);
        for (var i = 301; i <= 600; i++) costs.Observe(Left(setup, i) with { Exit = 0, HeadSeconds = 0 });
        Assert.InRange(costs.Exits.Stay(0), 0.8, 1);
    }

    [Theory]
    [InlineData(0.2, 0.7)]
    [InlineData(0.8, 0.3)]
    public void The_rate_of_an_exit_is_learned_where_it_stands_in(double told, double truth)
    {
        var (setup, draws) = (Setup(told), new Random(Seed));
        // A remote arm without an exit of its own, for which the one with an exit on the device stands in.
        var plain = With(setup, [setup.Arms[0] with { Arm = setup.Arms[0].Arm with { Exit = 0 }, ExitRate = 0 }, .. setup.Arms[1..]]);
        var costs = new CostModel(plain, new(plain, withExits: true));
        for (var i = 1; i <= 3_000; i++) costs.Observe(StoodIn(plain, i, draws.NextDouble() < truth));
        Assert.InRange(1 - costs.Exits.Stay(1), truth - 0.1, truth + 0.1);
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(0.5, 0.8)]
    [InlineData(0.9, 0.3)]
    public void What_stands_in_where_another_exit_was_not_sure_is_not_taken_for_what_it_answers_of_all_inputs(double own, double other)
    {
        // Inputs are hard to a degree, which exits answer up to their rates.
        var setup = TwoExits(own, 0.6);
        var costs = new CostModel(setup, new(setup, withExits: true));
        var draws = new Random(Seed);
        for (var i = 1; i <= 4_000; i++)
        {
            var hard = draws.NextDouble();
            if (hard >= own) costs.Observe(StoodIn(setup, i, hard < other));
            else costs.Observe(Left(setup, i));
        }

        Assert.InRange(1 - costs.Exits.Stay(0), own - 0.1, own + 0.1);
        // Of inputs that the arm's own exit answers nothing is seen, so that one that answers fewer stays at most at that.
        Assert.InRange(1 - costs.Exits.Stay(1), Math.Min(other, own) - 0.1, Math.Max(other, Math.Min(own, 0.6)) + 0.1);
    }

    [Fact]
    public void An_exit_that_never_answers_is_the_devices_unless_it_is_said_to_be_the_servers()
    {
        var setup = Setup(0);
        Assert.Equal((0, 1), (setup.Arms[0].ServerExit, setup.Arms[0].DeviceExit));
        var onServer = setup.Arms[0] with { IsExitOnServer = true };
        Assert.Equal((1, 0), (onServer.ServerExit, onServer.DeviceExit));
        Assert.Equal(1, PolicyCatalog.Create(PolicyNames.AllOnServer, With(setup, [onServer, .. setup.Arms[1..]])).Decide(default).Arm.Exit);
        foreach (var wrong in (ArmDescription[])[onServer with { ExitRate = 0.5 }, onServer with { Arm = onServer.Arm with { Exit = 0 } }])
            Assert.Throws<ArgumentException>(() => PolicyCatalog.Create(PolicyNames.MuLinUcb, With(setup, [wrong, .. setup.Arms[1..]])));
    }

    [Fact]
    public void A_request_that_left_early_teaches_nothing_of_link_and_server()
    {
        var setup = Setup(0.5);
        var costs = new CostModel(setup, new(setup, withExits: true));
        for (var i = 1; i <= 20; i++) costs.Observe(Replied(setup, i));
        var before = (costs.Tail(0), costs.Servers[0].Link.Delay, costs.Bits(0));
        for (var i = 21; i <= 60; i++) costs.Observe(Left(setup, i));
        Assert.Equal(before, (costs.Tail(0), costs.Servers[0].Link.Delay, costs.Bits(0)));
    }

    [Fact]
    public void The_cost_of_an_arm_counts_what_its_exit_leaves()
    {
        var setup = Setup(0.5);
        var costs = new CostModel(setup, new(setup, withExits: true));
        for (var i = 1; i <= 20; i++) costs.Observe(Replied(setup, i));
        costs.Advance(default, 21);
        Assert.Equal(costs.Ahead(0) + (costs.Exits.Stay(0) * (costs.Unanswered(0) - costs.Ahead(0))), costs.Mean(0), 1e-12);
        Assert.Equal(costs.Ahead(1) + (costs.Exits.Stay(1) * (costs.Mean(2) - costs.Ahead(1))), costs.Mean(1), 1e-12);
    }

    [Fact]
    public void What_is_predicted_is_the_mean_of_what_is_where_the_exit_answers_and_where_it_does_not()
    {
        var setup = Setup(0.8);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        for (var i = 1; i <= 40; i++) policy.Observe(i % 5 == 0 ? Replied(setup, i) : Left(setup, i));
        var decision = Enumerable.Range(0, 200).Select(_ => policy.Decide(default)).First(static decision => decision.Arm.Exit > 0);
        var (left, sent) = (decision.PredictedWhere(exitAnswers: true), decision.PredictedWhere(exitAnswers: false));
        Assert.InRange(left, 0.019, 0.021);
        Assert.True(sent > left);
        Assert.Equal(decision.PredictedSeconds, (decision.ExitRate * left) + ((1 - decision.ExitRate) * sent), 1e-12);
        Assert.Equal(0.5, new Decision { Arm = decision.Arm with { Exit = 0 }, PredictedSeconds = 0.5 }.PredictedWhere(exitAnswers: false));
    }

    [Fact]
    public void Rates_are_saved_and_state_without_them_restores()
    {
        var setup = Setup(0.2);
        var policy = (MuLinUcbPolicy)PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        for (var i = 1; i <= 200; i++) policy.Observe(Left(setup, i));
        var state = new PolicyStateWriter();
        policy.Save(state);
        var costs = new CostModel(setup, new(setup, withExits: true));
        costs.Restore(new(state.Numbers.ToArray()));
        Assert.InRange(1 - costs.Exits.Stay(0), 0.8, 1);
        costs = new CostModel(setup, new(setup, withExits: true));
        costs.Restore(new(state.Numbers.Take(state.Numbers.Count - 2).ToArray()));
        Assert.Equal(0.2, 1 - costs.Exits.Stay(0), 1e-9);
    }

    [Fact]
    public void What_just_failed_does_not_stand_in_and_the_same_variant_goes_on_from_the_cut()
    {
        foreach (var world in RandomJoint.Sequence(6, Seed, 0.03))
        {
            var setup = FamilyComparison.SetupOf(world, Seed);
            var policy = new Watched(PolicyCatalog.Create(PolicyNames.MuLinUcb, setup));
            Assert.Equal(world.Frames, new Simulator(world, Seed).Play(policy).Count());
            Assert.All(policy.Seen, decision =>
            {
                Assert.InRange(setup.Arms[decision.Arm.Index].Accuracy, world.MinAccuracy - 1e-9, 1);
                if (decision.Local is not { } local || local.Variant != decision.Arm.Variant || local.Exit == 0) return;
                Assert.True(local.Cut >= decision.Arm.Cut && (local.Cut, local.Exit) != (decision.Arm.Cut, decision.Arm.Exit));
            });
        }
    }

    [Fact]
    public void By_least_time_an_exit_is_forced_only_for_requests_that_say_how_accurate_they_have_to_be()
    {
        var setup = Setup(1, isRemote: false);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        Assert.Equal(0, policy.Decide(default).Arm.Exit);
        Assert.Equal(1, policy.Decide(new() { MinAccuracy = 0.5 }).Arm.Exit);
    }

    [Fact]
    public void Policies_that_know_no_exits_never_take_one()
    {
        var setup = Setup(0.5);
        foreach (var name in PolicyNames.All.Where(static name => name != PolicyNames.MuLinUcb))
            for (var i = 0; i < 20; i++) Assert.Equal(0, PolicyCatalog.Create(name, setup).Decide(default).Arm.Exit);
    }

    private static List<(Arm, Arm?, bool, double)> Play(Scenario world, int seed)
    {
        var policy = new Watched(PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed)));
        Assert.Equal(world.Frames, new Simulator(world, seed).Play(policy).Count());
        return [.. policy.Seen.Select(static d => (d.Arm with { Exit = 0 }, d.Shadow is { } shadow ? shadow with { Exit = 0 } : default(Arm?), d.IsRaced, d.PredictedSeconds))];
    }

    private static double Least(PolicySetup setup)
    {
        var costs = new CostModel(setup, new(setup, withExits: true));
        for (var server = 0; server < setup.Servers.Length; server++) costs.ObserveRoundTrip(server, 0.01, 0);
        return costs.Mean(costs.Advance(new() { MinAccuracy = 0.97 }, 1));
    }

    // A remote arm with an exit, one on the device with the same exit, and the whole model there.
    private static PolicySetup Setup(double rate, bool isRemote = true)
    {
        var heads = new HeadProfile([0, 1e8, 2e8]);
        for (var cut = 0; cut <= 2; cut++) heads.Record(cut, cut * 0.02);
        ArmDescription[] arms =
        [
            .. isRemote ? [Describe(0, 1, 1, server: 0, rate)] : (ArmDescription[])[],
            Describe(isRemote ? 1 : 0, 1, 1, Arm.OnDevice, rate),
            Describe(isRemote ? 2 : 1, 2, 0, Arm.OnDevice, 0),
        ];
        return new() { Arms = [.. arms], Heads = heads, Servers = [new()] };
    }

    // The exit of the remote arm, and another one behind it that the device has.
    private static PolicySetup TwoExits(double own, double other)
    {
        var setup = Setup(own);
        return With(setup, [setup.Arms[0], setup.Arms[1] with { Arm = setup.Arms[1].Arm with { Exit = 2 }, ExitRate = other }, setup.Arms[2]]);
    }

    private static ArmDescription Describe(int index, int cut, int exit, int server, double rate) => new()
    {
        Arm = new(index, 0, cut, 0, exit, server),
        PayloadBits = server < 0 ? 0 : 1e5,
        ExitRate = rate,
        Accuracy = exit == 0 ? 1 : 0.9,
        TailMacs = [server < 0 ? 0 : 1e8],
        TailNodes = [0],
    };

    private static PolicySetup With(PolicySetup setup, ArmDescription[] arms) => new() { Arms = [.. arms], Heads = setup.Heads, HeadDeviation = setup.HeadDeviation, PayloadDeviation = setup.PayloadDeviation, Servers = setup.Servers };

    private static Outcome Left(PolicySetup setup, long sequence) => new() { Decision = new() { Arm = setup.Arms[0].Arm, Sequence = sequence }, HeadSeconds = 0.02, Exit = 1, Confidence = 0.99 };

    private static Outcome StoodIn(PolicySetup setup, long sequence, bool hasAnswered) => new()
    {
        Decision = new() { Arm = setup.Arms[0].Arm, Local = setup.Arms[1].Arm, Sequence = sequence }, Server = ServerOutcome.Overdue, HeadSeconds = 0.02, OffloadSeconds = 0.05,
        Exit = hasAnswered ? setup.Arms[1].Arm.Exit : 0, LocalExitAnswered = hasAnswered,
    };

    private static Outcome Replied(PolicySetup setup, long sequence) =>
        new() { Decision = new() { Arm = setup.Arms[0].Arm, Sequence = sequence }, Server = ServerOutcome.Replied, HeadSeconds = 0.02, OffloadSeconds = 0.01, ServerSeconds = 0.004, BytesSent = 12_500 };

    private sealed class Watched(IPartitionPolicy policy) : PolicyWrapper(policy)
    {
        public List<Decision> Seen { get; } = [];

        public override Decision Decide(in DecisionContext context)
        {
            Seen.Add(base.Decide(context));
            return Seen[^1];
        }
    }
}
