using System.Collections.Immutable;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

/// <summary>Arms of random networks, each cut with codecs of random ratios, losses and speeds; conditions drawn at random, too.</summary>
public class ArmPruningTests
{
    private const int Worlds = 60, Conditions = 20, Codecs = 6;

    [Fact]
    public void What_is_left_loses_less_than_half_a_per_cent()
    {
        var (losses, kept, all) = (new List<double>(), 0, 0);
        for (var seed = 0; seed < Worlds; seed++)
        {
            var random = new ScenarioRandom(90_000 + seed);
            var world = RandomWorld.Create(WorldKind.Steady, 91_000 + seed);
            var (arms, heads) = Candidates(world, random);
            var left = ArmPruning.Prune(arms, heads).Select(static arm => (arm.Arm.Cut, arm.Arm.Codec)).ToHashSet();
            (kept, all) = (kept + left.Count - 1, all + arms.Length - 1);
            for (var condition = 0; condition < Conditions; condition++)
            {
                var (secondsPerBit, slowdown, roundTrip) = (1 / random.LogUniform(0.5e6, 1e9), random.LogUniform(0.3, 5), random.LogUniform(0.2e-3, 0.3));
                foreach (var loss in (double[])[0, 0.003, 0.01, 0.05])
                    losses.Add((Least(left.Contains, loss) / Least(static _ => true, loss)) - 1);

                double Least(Func<(int Cut, int Codec), bool> isLeft, double loss) => arms.SkipLast(1)
                    .Where(arm => arm.Accuracy >= 1 - loss - 1e-9 && isLeft((arm.Arm.Cut, arm.Arm.Codec)))
                    .Min(arm => Head(world, arm) + roundTrip + (arm.PayloadBits * secondsPerBit) + (Tail(world, arm) * slowdown));
            }
        }

        Assert.InRange(losses.Average(), 0, 0.005);
        Assert.InRange((double)kept / all, 0, 0.25);
    }

    [Fact]
    public void The_device_is_kept_and_arms_are_numbered_anew_by_server()
    {
        var setup = Simulator.SetupOf(RandomServers.Create(ServersKind.Steady, servers: 3, seed: 2), seed: 0);
        var left = ArmPruning.Prune(setup.Arms, setup.Heads, maxArmsOfServer: 2);
        Assert.Equal(Enumerable.Range(0, left.Length), left.Select(static arm => arm.Arm.Index));
        Assert.Equal(setup.Arms[^1].Arm with { Index = left.Length - 1 }, left[^1].Arm);
        Assert.All(left.SkipLast(1).CountBy(static arm => arm.Arm.Server), static server => Assert.InRange(server.Value, 1, 2));
        Assert.Equal([0, 1, 2], left.SkipLast(1).Select(static arm => arm.Arm.Server).Distinct());
    }

    [Fact]
    public void An_arm_that_another_one_beats_everywhere_goes_whether_heads_are_measured_or_not()
    {
        ImmutableArray<ArmDescription> arms = [Arm(0, cut: 0, bits: 1e6, work: 10), Arm(1, cut: 1, bits: 2e6, work: 9), Arm(2, cut: 2, bits: 1e5, work: 5), Arm(3, cut: 3, bits: 0, work: 0) with { Arm = new(3, 0, 3, 0, 0, Policies.Arm.OnDevice) }];
        var heads = new HeadProfile([0, 3e8, 5e8, 10e8]);
        Assert.DoesNotContain(1, ArmPruning.Prune(arms, heads).Select(static arm => arm.Arm.Cut));
        foreach (var (cut, seconds) in ((int, double)[])[(0, 0), (1, 0.03), (2, 0.05), (3, 0.1)]) heads.Record(cut, seconds);
        Assert.Equal([0, 2, 3], ArmPruning.Prune(arms, heads).Select(static arm => arm.Arm.Cut));
    }

    [Fact]
    public void What_loses_accuracy_does_not_drive_out_what_loses_none()
    {
        var exact = Arm(0, cut: 0, bits: 1e6, work: 10);
        ImmutableArray<ArmDescription> arms = [exact, exact with { Arm = new(1, 0, 0, Codec: 1, 0, 0), PayloadBits = 1e4, Accuracy = 0.97 }, Arm(2, cut: 1, bits: 0, work: 0) with { Arm = new(2, 0, 1, 0, 0, Policies.Arm.OnDevice) }];
        Assert.Equal(3, ArmPruning.Prune(arms, new HeadProfile([0, 1e9])).Length);
    }

    [Theory]
    [InlineData(0.68)]
    [InlineData(0.05)]
    public void A_task_that_is_hard_for_all_is_pruned_like_an_easy_one(double best)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var (arms, heads) = Candidates(RandomWorld.Create(WorldKind.Steady, 93_000 + seed), new(92_000 + seed));
            var hard = arms.Select(arm => arm with { Accuracy = arm.Accuracy * best }).ToImmutableArray();
            Assert.Equal(ArmPruning.Prune(arms, heads).Select(static arm => (arm.Arm.Cut, arm.Arm.Codec)), ArmPruning.Prune(hard, heads).Select(static arm => (arm.Arm.Cut, arm.Arm.Codec)));
        }
    }

    [Fact]
    public void Where_there_are_many_arms_only_those_that_can_win_are_explored()
    {
        var world = RandomServers.Create(ServersKind.Steady, servers: 8, seed: 4);
        var setup = Simulator.SetupOf(world, seed: 0);
        var table = new ArmTable(setup);
        Assert.True(table.Remote.Length > 64);
        for (var server = 0; server < 8; server++)
        {
            Assert.InRange(table.ExploredOf(server).Length, 1, 8);
            Assert.Subset(table.RemoteOf(server).ToArray().ToHashSet(), table.ExploredOf(server).ToArray().ToHashSet());
        }

        var few = new ArmTable(Simulator.SetupOf(RandomServers.Create(ServersKind.Steady, servers: 1, seed: 4), seed: 0));
        Assert.Equal(few.RemoteOf(0), few.ExploredOf(0));
    }

    private static (ImmutableArray<ArmDescription> Arms, HeadProfile Heads) Candidates(Scenario world, ScenarioRandom random)
    {
        var setup = Simulator.SetupOf(world, seed: 0);
        var codecs = Enumerable.Range(0, Codecs).Select(codec => (Ratio: codec == 0 ? 1 : random.LogUniform(1.2, 20), Accuracy: codec < 3 ? 1 : 1 - random.LogUniform(0.0005, 0.05), SecondsPerBit: random.LogUniform(1e-11, 1e-9))).ToArray();
        var arms = ImmutableArray.CreateBuilder<ArmDescription>();
        foreach (var arm in setup.Arms.SkipLast(1))
        {
            for (var codec = 0; codec < Codecs; codec++)
            {
                arms.Add(arm with
                {
                    Arm = arm.Arm with { Index = arms.Count, Codec = codec },
                    PayloadBits = arm.PayloadBits / codecs[codec].Ratio,
                    EncodeSeconds = arm.PayloadBits * codecs[codec].SecondsPerBit,
                    DecodeSeconds = arm.PayloadBits * codecs[codec].SecondsPerBit / 5,
                    Accuracy = codecs[codec].Accuracy,
                });
            }
        }

        arms.Add(setup.Arms[^1] with { Arm = setup.Arms[^1].Arm with { Index = arms.Count } });
        return (arms.ToImmutable(), setup.Heads);
    }

    private static double Head(Scenario world, ArmDescription arm) => (Truth(world, arm).HeadMs / 1e3) + arm.EncodeSeconds;

    private static double Tail(Scenario world, ArmDescription arm) => (Truth(world, arm).TailMs / 1e3) + arm.DecodeSeconds;

    private static ScenarioArm Truth(Scenario world, ArmDescription arm) => world.Arms.First(truth => truth.Partition == arm.Arm.Cut);

    private static ArmDescription Arm(int index, int cut, double bits, double work) =>
        new() { Arm = new(index, 0, cut, 0, 0, 0), PayloadBits = bits, TailMacs = [work * 1e8], TailNodes = [0] };
}
