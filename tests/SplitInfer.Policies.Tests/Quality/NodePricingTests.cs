using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class NodePricingTests
{
    private static readonly QualityCurve Reference = new([new(0.002, 0.910), new(0.005, 0.960), new(0.010, 0.995)]);

    [Fact]
    public void The_budget_is_met_exactly_or_everybody_has_what_is_best_or_cheapest() => RandomCurves.ForAll(300, static random =>
    {
        var demands = RandomCurves.Demands(random);
        var (most, least) = (NodePricing.Cost(demands, 0), NodePricing.Cost(demands, 1e9));
        var capacity = most * random.NextDouble() * 1.2;
        var price = NodePricing.Solve(demands, capacity);
        var cost = NodePricing.Cost(demands, price);
        if (capacity >= most) Assert.Equal(0, price);
        else if (capacity <= least) Assert.Equal(least, cost, 1e-9 * least);
        else Assert.Equal(capacity, cost, 1e-6 * capacity);
    });

    [Fact]
    public void The_price_never_falls_when_more_comes_and_what_is_chosen_never_costs_more_when_it_rises() => RandomCurves.ForAll(300, static random =>
    {
        var demands = RandomCurves.Demands(random);
        var capacity = NodePricing.Cost(demands, 0) * random.NextDouble();
        var price = NodePricing.Solve(demands, capacity);
        QualityDemand[] more = [.. demands.Select(demand => demand with { Rate = demand.Rate * (1 + random.NextDouble()) })];
        Assert.True(NodePricing.Solve(more, capacity) >= price * (1 - 1e-9));
        Assert.True(NodePricing.Solve(demands, capacity * random.NextDouble()) >= price * (1 - 1e-9));
        Assert.True(NodePricing.Cost(demands, price * (1 + random.NextDouble())) <= NodePricing.Cost(demands, price) * (1 + 1e-9));
    });

    [Fact]
    public void No_other_choice_of_settings_within_the_cost_has_more_accuracy()
    {
        // All choices of three users with three exits, by hand: a multiplier finds the best of those that cost as much as its own.
        RandomCurves.ForAll(100, static random =>
        {
            QualityDemand[] demands = [.. Enumerable.Range(0, 3).Select(_ => new QualityDemand(1 + (random.NextDouble() * 9), 0.5 + random.NextDouble(), RandomCurves.Curve(random, hasSettings: false), 5)).Select(static demand => demand with { Depth = demand.Curve.Exits.Length - 1 })];
            var price = NodePricing.Solve(demands, NodePricing.Cost(demands, 0, 0) * random.NextDouble(), spread: 0) * (1 + 1e-9);
            var (cost, value) = (NodePricing.Cost(demands, price, 0), demands.Sum(demand => demand.Rate * demand.Weight * NodePricing.Accuracy(demand, price, 0)));
            foreach (var a in demands[0].Curve.Exits)
                foreach (var b in demands[1].Curve.Exits)
                    foreach (var c in demands[2].Curve.Exits)
                    {
                        ModelExit[] exits = [a, b, c];
                        var otherCost = demands.Zip(exits, static (demand, exit) => demand.Rate * exit.Seconds).Sum();
                        if (otherCost <= cost) Assert.True(demands.Zip(exits, static (demand, exit) => demand.Rate * demand.Weight * exit.Accuracy).Sum() <= value + 1e-6);
                    }
        });
    }

    [Fact]
    public void Who_weighs_more_is_answered_by_deeper_exits()
    {
        QualityDemand[] demands = [new(100, 1, Reference, 2), new(100, 3, Reference, 2)];
        var price = NodePricing.Solve(demands, 0.9);
        Assert.True(NodePricing.Accuracy(demands[1], price) > NodePricing.Accuracy(demands[0], price) + 0.02);
        Assert.Equal(0.9, NodePricing.Cost(demands, price), 1e-6);
    }

    [Fact]
    public void A_coordinator_answers_a_report_with_the_price_of_its_node()
    {
        var coordinator = new QualityCoordinator();
        Assert.Equal(0, coordinator.Add(Reference));
        var idle = coordinator.Receive(new(7, 1, 1, 1, 0.1f, [new(0, 2, 1, 10)]));
        Assert.Equal(new(7, 1, 0), idle);
        PriceMessage last = default;
        for (var i = 0u; i < 20; i++) last = coordinator.Receive(new(7, 2 + i, 1, 1, 1, [new(0, 2, 1, 350)]));
        Assert.Equal(NodePricing.Solve([new(350, 1, Reference, 2)], 0.97), last.Price, 0.05);
        Assert.Equal(21u, last.Sequence);

        // Half as fast, a node that is asked for half as much has half the price for a second that does half as much.
        for (var i = 0u; i < 40; i++) last = coordinator.Receive(new(8, 1 + i, 1, 2, 1, [new(0, 2, 1, 175)]));
        Assert.Equal(NodePricing.Solve([new(350, 1, Reference, 2)], 0.97) / 2, last.Price, 0.05);
        Assert.Contains("same order", Assert.Throws<QualityMessageException>(() => coordinator.Receive(new(7, 1, 1, 1, 0, [new(1, 0, 1, 1)]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_coordinator_keeps_only_so_many_nodes()
    {
        var coordinator = new QualityCoordinator(new() { MaxNodes = 2 });
        coordinator.Add(Reference);
        foreach (var node in (uint[])[1, 2, 1, 3]) coordinator.Receive(new(node, 1, 1, 1, 0, []));
        Assert.Equal(3u, coordinator.Receive(new(1, 1, 1, 1, 0, [])).Sequence);
        Assert.Equal(1u, coordinator.Receive(new(2, 1, 1, 1, 0, [])).Sequence);
    }
}
