using System.Collections.Immutable;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Sharing;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Sharing;

/// <summary>Devices that start from what their kind has learned, beside those that start from nothing.</summary>
public class KindLearningTests
{
    private const int Teachers = 5, Worlds = 12, Frames = 100;

    [Fact]
    public void A_new_device_loses_less_in_its_first_hundred_frames_than_one_that_starts_from_nothing()
    {
        var (with, without) = (0.0, 0.0);
        for (var world = 1; world <= Worlds; world++)
        {
            var scenario = WorldOf(world);
            with += Excess(scenario, Play(scenario, seed: 99, Learned(scenario)).Frames);
            without += Excess(scenario, Play(scenario, seed: 99, KindPrior.Empty).Frames);
        }

        Assert.True(with < without, $"Excess over the oracle {with / Worlds:P2} with a prior, {without / Worlds:P2} without.");
    }

    [Theory]
    [InlineData(-4)]
    [InlineData(4)]
    public void A_kind_that_was_told_nothing_but_lies_costs_a_bounded_time(double log)
    {
        var (lied, without) = (0.0, 0.0);
        for (var world = 1; world <= Worlds; world++)
        {
            var scenario = WorldOf(world);
            var lies = new KindPrior(Learned(scenario).Found.ToImmutableSortedDictionary(static entry => entry.Key, entry => Shifted(entry.Key, entry.Value, log)));
            lied += Excess(scenario, Play(scenario, seed: 99, lies).Frames);
            without += Excess(scenario, Play(scenario, seed: 99, KindPrior.Empty).Frames);
        }

        Assert.InRange(lied / Worlds, 0, (without / Worlds) + 0.5);
    }

    [Fact]
    public void A_device_shares_what_it_measured_and_not_what_it_was_told()
    {
        var scenario = WorldOf(2);
        var learned = Learned(scenario);
        Assert.Contains(learned.Found.Keys, static quantity => quantity.Type == KindQuantityType.Tail);
        Assert.Contains(learned.Found.Keys, static quantity => quantity.Type == KindQuantityType.LinkSecondsPerBit);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(scenario, seed: 1, TimeProvider.System, prior: learned));
        Assert.All(policy.Share().Found.Keys, static quantity => Assert.Equal(KindQuantityType.Head, quantity.Type));
    }

    [Fact]
    public void What_a_device_shares_is_the_share_of_one_device()
    {
        var share = Play(WorldOf(2), seed: 1, KindPrior.Empty).Policy.Share();
        Assert.Equal(share.ToBytes(), KindPrior.FromShare(share.ToBytes()).ToBytes());
        Assert.InRange(share.ToBytes().Length, 100, 11_000);
    }

    [Fact]
    public void A_policy_that_keeps_nothing_shares_nothing() =>
        Assert.Equal(0, PolicyCatalog.Create(PolicyNames.AllOnDevice, Simulator.SetupOf(WorldOf(1), seed: 1)).Share().Quantities);

    private static Scenario WorldOf(int seed) => RandomServers.Create(ServersKind.Steady, servers: 2, seed) with { Frames = Frames };

    private static KindPrior Learned(Scenario scenario) =>
        Enumerable.Range(1, Teachers).Aggregate(KindPrior.Empty, (sum, seed) => sum.Plus(Play(scenario, seed, KindPrior.Empty).Policy.Share()));

    private static (IPartitionPolicy Policy, SimulatedFrame[] Frames) Play(Scenario scenario, int seed, KindPrior prior)
    {
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(scenario, seed, TimeProvider.System, prior: prior));
        return (policy, [.. new Simulator(scenario, seed).Play(policy)]);
    }

    private static double Excess(Scenario scenario, SimulatedFrame[] frames)
    {
        Assert.Equal(scenario.Frames, frames.Length);
        return (frames.Sum(static frame => frame.MeanMs) / frames.Sum(static frame => frame.OracleMs)) - 1;
    }

    // What others claim of servers, and not of heads, which each device has measured itself.
    private static LogHistogram Shifted(KindQuantity quantity, LogHistogram histogram, double log) =>
        quantity.Type == KindQuantityType.Head ? histogram : LogHistogram.Of(histogram.Quantile(0.5) + log);
}
