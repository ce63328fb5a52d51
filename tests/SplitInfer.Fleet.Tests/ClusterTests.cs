using Orleans.TestingHost;
using SplitInfer.Fleet.Prices;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Tests;

/// <summary>The coordinator in a cluster of two silos, which lose each other.</summary>
public sealed class ClusterTests
{
    private const string Region = "eu";

    // Long enough for a machine that does much else: these tests wait for answers and time none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Nodes_of_any_curves_get_the_prices_of_a_coordinator_in_the_process()
    {
        await using var cluster = await TestCluster.StartAsync(states: null);
        await using var fleet = Fleet(cluster);
        await using var local = new LocalCoordination();
        for (var i = 0; i < 8; i++)
        {
            QualityCurve[] curves = [SomeCurves.Draw(i), SomeCurves.Three];
            var (node, other) = (await fleet.JoinAsync($"node {i}", curves), await local.JoinAsync($"node {i}", curves));
            for (uint turn = 1; turn <= 3; turn++)
            {
                var report = SomeCurves.Report(node, turn, rate: 100 * (i + turn), curve: 1);
                var (price, expected) = (await fleet.ReportAsync(report), await local.ReportAsync(report with { Node = other }));
                Assert.Equal((node, turn), (price.Node, price.Sequence));
                Assert.Equal(expected.Price, price.Price, 1e-9);
            }
        }
    }

    [Fact]
    public async Task Regions_and_sets_of_models_know_nothing_of_each_other()
    {
        await using var cluster = await TestCluster.StartAsync(states: null);
        await using var whole = Fleet(cluster);
        await using var part = new OrleansCoordination(cluster.Client, Region, "vision", Patience);
        var node = await whole.JoinAsync("a", [SomeCurves.Three]);
        Assert.Equal(node, (await Assert.ThrowsAsync<UnknownNodeException>(async () => await part.ReportAsync(SomeCurves.Report(node)))).Node);
        Assert.NotNull(await whole.FindSiloAsync());
    }

    [Fact]
    public async Task What_is_wrong_is_refused_by_its_type_and_the_grain_goes_on()
    {
        await using var cluster = await TestCluster.StartAsync(states: null);
        await using var fleet = Fleet(cluster);
        var node = await fleet.JoinAsync("a", [SomeCurves.Three]);
        await Assert.ThrowsAsync<QualityMessageException>(async () => await fleet.ReportAsync(SomeCurves.Report(node, curve: 5)));
        await Assert.ThrowsAsync<QualityMessageException>(async () => await fleet.ReportAsync(new(node, 1, float.NaN, 1, 1, [])));
        await Assert.ThrowsAsync<UnknownNodeException>(async () => await fleet.ReportAsync(SomeCurves.Report(node + 1)));
        Assert.Contains("'b'", (await Assert.ThrowsAsync<NodeRefusedException>(async () => await fleet.JoinAsync("b", [.. Enumerable.Repeat(SomeCurves.Three, 100)]))).Message);
        var grain = cluster.Client.GetGrain<IPriceGrain>(Region);
        Assert.NotNull((await grain.ReportAsync([])).Refusal);
        Assert.NotNull((await grain.ReportAsync(null!)).Refusal);
        Assert.NotNull((await grain.JoinAsync(null!, null!)).Refusal);
        Assert.NotNull((await grain.JoinAsync("c", [new([1], null!, [], [], [])])).Refusal);
        Assert.True((await fleet.ReportAsync(SomeCurves.Report(node))).Price > 0);
    }

    [Fact]
    public async Task A_grain_that_moves_goes_on_at_once()
    {
        await using var cluster = await TestCluster.StartAsync(new());
        await using var fleet = Fleet(cluster);
        var node = await fleet.JoinAsync("a", [SomeCurves.Draw(3), SomeCurves.Three]);
        var expected = await fleet.ReportAsync(SomeCurves.Report(node, curve: 1));
        var before = await fleet.FindSiloAsync();
        await cluster.MigrateAsync(cluster.Client.GetGrain<IPriceGrain>(Region), cluster.Silos.Single(silo => !silo.SiloAddress.Endpoint.Equals(before)).SiloAddress);
        Assert.Equal(expected, await fleet.ReportAsync(SomeCurves.Report(node, curve: 1)));
        Assert.NotEqual(before, await fleet.FindSiloAsync());
    }

    [Fact]
    public async Task After_a_silo_is_killed_another_goes_on_with_what_was_kept()
    {
        var states = new KeptStates();
        await using var cluster = await TestCluster.StartAsync(states);
        await using var fleet = Fleet(cluster);
        var node = await fleet.JoinAsync("a", [SomeCurves.Three]);
        var expected = await fleet.ReportAsync(SomeCurves.Report(node));
        while (states.Writes == 0) await Task.Delay(20);
        await KillHolderAsync(cluster, fleet);
        // It never has to join again.
        Assert.Equal(expected.Price, (await ReportUntilPricedAsync(fleet, SomeCurves.Report(node, 2), join: null)).Price, 1e-9);
    }

    [Fact]
    public async Task Without_a_storage_that_outlives_a_silo_nodes_join_again()
    {
        await using var cluster = await TestCluster.StartAsync(states: null);
        await using var fleet = Fleet(cluster);
        QualityCurve[] curves = [SomeCurves.Three];
        var node = await fleet.JoinAsync("a", curves);
        await KillHolderAsync(cluster, fleet);
        var price = await ReportUntilPricedAsync(fleet, SomeCurves.Report(node, 2), () => fleet.JoinAsync("a", curves));
        Assert.True(price.Price > 0);
    }

    [Fact]
    public async Task A_storage_that_fails_keeps_nobody_from_a_price()
    {
        var states = new KeptStates { IsBroken = true };
        await using var cluster = await TestCluster.StartAsync(states);
        await using var fleet = Fleet(cluster);
        var node = await fleet.JoinAsync("a", [SomeCurves.Three]);
        Assert.True((await fleet.ReportAsync(SomeCurves.Report(node))).Price > 0);
        states.IsBroken = false;
        while (states.Writes == 0) await Task.Delay(20);
    }

    private static OrleansCoordination Fleet(InProcessTestCluster cluster) => new(cluster.Client, Region, timeout: Patience);

    private static async Task KillHolderAsync(InProcessTestCluster cluster, OrleansCoordination fleet)
    {
        var holder = await fleet.FindSiloAsync();
        await cluster.KillSiloAsync(cluster.Silos.Single(silo => silo.SiloAddress.Endpoint.Equals(holder)));
    }

    /// <summary>Does what a node does: reports, goes on where nobody answers, and joins where it is not known.</summary>
    private static async Task<PriceMessage> ReportUntilPricedAsync(OrleansCoordination fleet, LoadReport report, Func<ValueTask<uint>>? join)
    {
        while (true)
        {
            try
            {
                return await fleet.ReportAsync(report);
            }
            catch (FleetUnavailableException)
            {
            }
            catch (UnknownNodeException) when (join is not null)
            {
                try
                {
                    report = report with { Node = await join() };
                }
                catch (FleetUnavailableException)
                {
                }
            }
        }
    }
}
