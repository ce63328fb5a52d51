using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>The default policy in worlds that it was not made for. The bounds leave a third to spare over what was measured.</summary>
public class RandomWorldTests
{
    private const int Worlds = 66;
    private const int Seed = 4711;

    // MDInference's rule has the device run beside every request, whatever that takes, so that nothing ever costs it more than two per cent.
    private static readonly string[] Baselines = [.. PolicyNames.All.Where(static name => name is not (PolicyNames.MuLinUcb or PolicyNames.MdInferencePaper))];

    private static readonly Lazy<List<(Scenario World, double Default, double Baseline)>> Played = new(() =>
        [.. RandomWorld.Sequence(Worlds, Seed).Select(static world => (
            world,
            Excess(world, PolicyNames.MuLinUcb),
            Baselines.Min(policy => Excess(world, policy))))]);

    [Fact]
    public void It_costs_little_more_than_the_oracle_on_the_whole() => Assert.InRange(Played.Value.Average(static w => w.Default), 0, 0.015);

    [Fact]
    public void No_baseline_is_better_by_much_on_the_whole() =>
        Assert.InRange(Played.Value.Average(static w => Math.Max(0, w.Default - w.Baseline)), 0, 0.004);

    [Fact]
    public void In_no_world_is_a_baseline_far_better() =>
        Assert.All(Played.Value, static w => Assert.True(w.Default - w.Baseline < 0.06, $"{w.World.Name}: {w.Default:P2} against {w.Baseline:P2}"));

    [Theory]
    [InlineData(1)]
    [InlineData(3000)]
    [InlineData(-5)]
    public void Worlds_of_a_sequence_have_seeds_that_are_not_negative(int seed) =>
        Assert.All(RandomWorld.Sequence(3, seed).Concat(RandomJoint.Sequence(3, seed, 0.01)), static world => Assert.DoesNotContain("/-", world.Name, StringComparison.Ordinal));

    [Fact]
    public void A_world_is_found_again_by_its_name()
    {
        var world = RandomWorld.Sequence(9, Seed).Last();
        var found = RandomWorld.Find(world.Name)!;
        Assert.Equal(world.Arms.Select(static a => a.HeadMs), found.Arms.Select(static a => a.HeadMs));
        Assert.Equal(world.Servers[0].Link.Steps.AsEnumerable(), found.Servers[0].Link.Steps);
        Assert.Null(RandomWorld.Find("random/Nothing/1"));
        Assert.Null(RandomWorld.Find("worlds/steady.json"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hair_is_half_a_per_cent_to_five(bool isLocal)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var world = RandomWorld.Create(isLocal ? WorldKind.DeviceBarelyWins : WorldKind.SplitBarelyWins, seed);
            var onDevice = world.Arms.Length - 1;
            var remote = Enumerable.Range(0, onDevice).Min(arm => world.MeanSeconds(arm, 0));
            Assert.InRange(Math.Abs(remote / world.MeanSeconds(onDevice, 0) - 1), 0.0049, 0.0501);
            Assert.Equal(isLocal, remote > world.MeanSeconds(onDevice, 0));
        }
    }

    private static double Excess(Scenario world, string policy)
    {
        var frames = new Simulator(world, Seed).Play(PolicyCatalog.Create(policy, Simulator.SetupOf(world, Seed))).ToArray();
        return (frames.Sum(static f => f.MeanMs) / frames.Sum(static f => f.OracleMs)) - 1;
    }
}
