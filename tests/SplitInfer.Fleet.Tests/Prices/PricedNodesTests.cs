using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Fleet.Prices;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Tests.Prices;

/// <summary>What a region tells its nodes.</summary>
public class PricedNodesTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Prices_are_those_of_a_coordinator_in_the_process()
    {
        var nodes = Nodes();
        var local = new LocalCoordination();
        QualityCurve[] curves = [SomeCurves.Three, SomeCurves.Draw(7)];
        var (number, other) = (Join(nodes, "a", curves), await local.JoinAsync("a", curves));
        for (uint i = 1; i <= 20; i++)
        {
            var report = SomeCurves.Report(number, i, rate: 50 * i, curve: (ushort)(i % 2), depth: 0);
            Assert.Equal((await local.ReportAsync(report with { Node = other })).Price, Price(nodes, report).Price, 1e-9);
        }
    }

    [Fact]
    public void A_price_has_the_number_of_its_report()
    {
        var nodes = Nodes();
        var node = Join(nodes, "a", SomeCurves.Three);
        Assert.Equal(new(node, 41), (Price(nodes, SomeCurves.Report(node, 41)).Node, Price(nodes, SomeCurves.Report(node, 41)).Sequence));
    }

    [Fact]
    public void Nodes_have_curves_of_their_own()
    {
        var nodes = Nodes();
        var (deep, shallow) = (Join(nodes, "deep", SomeCurves.Three), Join(nodes, "shallow", SomeCurves.Whole));
        Assert.True(Price(nodes, SomeCurves.Report(deep)).Price > 0);
        Assert.NotNull(nodes.Price(SomeCurves.Report(shallow).ToBytes()).Refusal);
        // Without exits there is nothing to choose, and a price would change nothing.
        Assert.Equal(0, Price(nodes, SomeCurves.Report(shallow, depth: 0)).Price);
    }

    [Fact]
    public void A_node_that_joins_again_keeps_its_number_and_has_its_new_curves()
    {
        var nodes = Nodes();
        var node = Join(nodes, "a", SomeCurves.Whole);
        Assert.Equal(node, Join(nodes, "a", SomeCurves.Three));
        Assert.True(Price(nodes, SomeCurves.Report(node)).Price > 0);
    }

    [Fact]
    public void Of_what_was_kept_only_what_makes_sense_goes_on()
    {
        var nodes = Nodes();
        nodes.Restore(new() { Nodes = null! });
        nodes.Restore(new() { Nodes = [null!, new(null!, []), new("a", null!), new("b", [null!]), new("c", [new([double.NaN], [1], [0], [0], [1])]), new("d", [CurveMessage.Of(SomeCurves.Three)])] });
        Assert.Equal("d", Assert.Single(nodes.Snapshot().Nodes).Name);
        Assert.True(Price(nodes, SomeCurves.Report(PricedNodes.NumberOf("d"))).Price > 0);
    }

    [Fact]
    public void What_was_kept_goes_on_elsewhere_without_joining()
    {
        var nodes = Nodes();
        uint[] numbers = [.. Enumerable.Range(0, 20).Select(i => Join(nodes, $"node {i}", SomeCurves.Draw(i), SomeCurves.Three))];
        Assert.True(nodes.IsChanged);
        var state = nodes.Snapshot();
        Assert.False(nodes.IsChanged);
        var moved = Nodes();
        moved.Restore(state);
        Assert.All(numbers, node => Assert.Equal(Price(nodes, SomeCurves.Report(node, curve: 1)).Price, Price(moved, SomeCurves.Report(node, curve: 1)).Price));
        Assert.Equal(PriceReply.Unknown.Price, moved.Price(SomeCurves.Report(numbers[0] + 1).ToBytes()).Price);
    }

    [Fact]
    public void A_node_that_nobody_knows_is_neither_priced_nor_refused()
    {
        var reply = Nodes().Price(SomeCurves.Report(7).ToBytes());
        Assert.True(reply is { Price.Length: 0, Refusal: null });
    }

    [Fact]
    public void Whatever_bytes_come_a_region_goes_on()
    {
        var nodes = Nodes();
        var node = Join(nodes, "a", SomeCurves.Three);
        var expected = Price(nodes, SomeCurves.Report(node)).Price;
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var chance = new Random(seed);
            var bytes = SomeCurves.Report(chance.Next(2) == 0 ? node + 1 : node, rate: 1).ToBytes();
            // Half of them are damaged reports, half are noise.
            if (chance.Next(2) == 0) chance.NextBytes(bytes);
            else bytes[chance.Next(bytes.Length)] ^= (byte)(1 << chance.Next(8));
            var reply = nodes.Price(bytes.AsSpan(0, chance.Next(4) == 0 ? chance.Next(bytes.Length) : bytes.Length));
            Assert.True(reply.Price.Length == 0 || (PriceMessage.Read(reply.Price) is var price && double.IsFinite(price.Price)));
        }).Check(Config.QuickThrowOnFailure.WithReplay(18, 1));
        for (uint i = 0; i < 100; i++) _ = nodes.Price(SomeCurves.Report(node).ToBytes());
        Assert.Equal(expected, Price(nodes, SomeCurves.Report(node)).Price, expected * 1e-3);
    }

    [Theory]
    [InlineData(1e30f, 1, 1, 1)]
    [InlineData(1, 1e30f, 1, 1)]
    [InlineData(1, 1, 1e30f, 1)]
    [InlineData(1, 1, 1, 3e38f)]
    [InlineData(1e-30f, 1, 1, 1)]
    public void Numbers_that_would_stay_in_the_memory_of_a_node_are_refused(float lanes, float slowness, float weight, float rate)
    {
        var nodes = Nodes();
        var node = Join(nodes, "a", SomeCurves.Three);
        Assert.NotNull(nodes.Price(new LoadReport(node, 1, lanes, slowness, 1, [new(0, 0, weight, rate)]).ToBytes()).Refusal);
        Assert.True(Price(nodes, SomeCurves.Report(node)).Price > 0);
    }

    [Fact]
    public void A_full_region_takes_a_node_only_in_place_of_a_silent_one()
    {
        var nodes = Nodes(most: 2);
        var (first, second) = (Join(nodes, "first", SomeCurves.Three), Join(nodes, "second", SomeCurves.Three));
        Assert.Contains(nameof(QualityCoordinatorOptions.MaxNodes), nodes.Join("third", [CurveMessage.Of(SomeCurves.Three)]).Refusal);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Price(nodes, SomeCurves.Report(second));
        var third = Join(nodes, "third", SomeCurves.Three);
        Price(nodes, SomeCurves.Report(second));
        Price(nodes, SomeCurves.Report(third));
        Assert.Equal(PriceReply.Unknown.Price, nodes.Price(SomeCurves.Report(first).ToBytes()).Price);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("a\nb")]
    public void Names_that_are_none_are_refused(string? name) => Assert.NotNull(Nodes().Join(name!, [CurveMessage.Of(SomeCurves.Three)]).Refusal);

    [Fact]
    public void No_node_has_more_than_is_kept_of_one()
    {
        var nodes = Nodes();
        var curve = CurveMessage.Of(SomeCurves.Three);
        Assert.NotNull(nodes.Join(new('a', 1000), [curve]).Refusal);
        Assert.NotNull(nodes.Join("a", [.. Enumerable.Repeat(curve, PricedNodes.MaxCurves + 1)]).Refusal);
        Assert.NotNull(nodes.Join("a", [.. Enumerable.Repeat(curve with { Depths = new byte[256], Shares = new double[256], Accuracies = new double[256] }, 5)]).Refusal);
        Assert.NotNull(nodes.Join("a", [null!]).Refusal);
        Assert.NotNull(nodes.Join("a", null!).Refusal);
        Assert.False(nodes.IsChanged);
    }

    [Fact]
    public void A_report_and_its_price_are_at_most_a_hundred_bytes_each()
    {
        var nodes = Nodes();
        var node = Join(nodes, "a", SomeCurves.Three);
        LoadClass[] kinds = [.. Enumerable.Range(0, LoadReport.MaxClasses).Select(static i => new LoadClass(0, (byte)(i % 3), 1 + i, 10))];
        var report = new LoadReport(node, 1, 1, 1, 1, [.. kinds]).ToBytes();
        Assert.InRange(report.Length, 1, 100);
        Assert.InRange(nodes.Price(report).Price.Length, 1, 100);
    }

    private static uint Join(PricedNodes nodes, string name, params QualityCurve[] curves)
    {
        var reply = nodes.Join(name, [.. curves.Select(CurveMessage.Of)]);
        Assert.Null(reply.Refusal);
        return reply.Node;
    }

    private static PriceMessage Price(PricedNodes nodes, LoadReport report)
    {
        var reply = nodes.Price(report.ToBytes());
        Assert.Null(reply.Refusal);
        return PriceMessage.Read(reply.Price);
    }

    private PricedNodes Nodes(int most = 1000) => new(new() { MaxNodes = most }, _clock);
}
