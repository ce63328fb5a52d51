using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class RouteSharesTests
{
    /// <summary>Whatever is taken of what is owed a turn, no route is further from its share than there are others.</summary>
    [Fact]
    public void Shares_are_kept_at_every_moment() => Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        var count = random.Next(1, 5);
        RouteCost[] routes = [.. Enumerable.Range(0, count).Select(arm => new RouteCost(arm, Arm.OnDevice, random.NextDouble(), 0, 0, 0, 0))];
        double[] weights = [.. routes.Select(_ => 0.05 + random.NextDouble())];
        double[] shares = [.. weights.Select(weight => weight / weights.Sum())];
        var (own, clock, taken) = (new RouteShares(count), new StageClock(0), new int[count]);
        own.Reset(routes, shares);
        for (var frame = 1; frame <= 200; frame++)
        {
            own.Advance();
            var route = own.Earliest(routes, clock, 0, mustBeOwed: true, out _);
            own.Take(route);
            taken[route]++;
            for (var r = 0; r < count; r++) Assert.InRange(taken[r] - (frame * shares[r]), -count, count);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_those_that_are_owed_a_turn_the_one_that_is_done_first_is_taken()
    {
        RouteCost[] routes = [new(0, 0, 0, 1, 0, 0, 0), new(1, Arm.OnDevice, 0.3, 0, 0, 0, 0)];
        var (shares, clock) = (new RouteShares(2), new StageClock(1));
        clock.Reset(0);
        shares.Reset(routes, [0.5, 0.5]);
        shares.Advance();
        Assert.Equal(1, shares.Earliest(routes, clock, 0, mustBeOwed: true, out var at));
        Assert.Equal(0.3, at, 9);
        shares.Take(1);
        shares.Advance();
        Assert.Equal(0, shares.Earliest(routes, clock, 0, mustBeOwed: true, out _));
    }
}
