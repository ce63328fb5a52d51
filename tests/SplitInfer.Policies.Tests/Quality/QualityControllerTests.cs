using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class QualityControllerTests
{
    private static readonly ModelExit[] Exits = [new(0.002, 0.910), new(0.005, 0.960), new(0.010, 0.995)];

    [Fact]
    public void No_exit_is_chosen_that_is_late_while_an_earlier_one_is_in_time() => RandomCurves.ForAll(300, static random =>
    {
        var curve = RandomCurves.Curve(random);
        var controller = With(curve, random);
        controller.Receive(new(1, 1, random.NextDouble() * 20), 0);
        var (needs, dueAt) = (new QualityNeeds { MinQuality = random.NextDouble(), Weight = 0.1 + random.NextDouble() }, random.NextDouble() * 0.05);
        var choice = controller.Choose(0, needs, dueAt, new(), 0);
        var accurate = Enumerable.Range(0, curve.Exits.Length).Where(e => curve.Exits[e].Accuracy >= needs.MinQuality).ToArray();
        var least = accurate.Length > 0 ? accurate[0] : Enumerable.Range(0, curve.Exits.Length).MaxBy(e => curve.Exits[e].Accuracy);
        Assert.Equal(least, choice.LeastExit);
        Assert.Equal(curve.Exits[least].Seconds > dueAt, choice.IsLate);
        if (choice.IsLate) return;
        Assert.InRange(curve.Exits[choice.Depth].Seconds, 0, dueAt);

        // Nor does a run go on to one, however late its segments become.
        var (exit, now) = (0, curve.Exits[0].Seconds);
        while (controller.GoesOn(choice, exit, double.NaN, new(), now))
        {
            Assert.InRange(now + curve.SegmentSeconds(exit + 1), 0, dueAt + 1e-12);
            now += curve.SegmentSeconds(++exit) * (1 + random.NextDouble());
        }
    });

    [Fact]
    public void The_dearer_a_second_the_shallower_the_exit_and_between_two_the_mean_cost_is_the_budget()
    {
        var curve = new QualityCurve(Exits);
        var controller = With(curve, new(1));
        Assert.Equal(2, controller.Choose(0, new(), 1, new(), 0).Depth);
        foreach (var (price, depth) in ((double, int)[])[(0, 2), (5, 2), (10, 1), (20, 0)])
        {
            controller.Receive(new(1, (uint)(price * 10) + 1, price), 0);
            Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(depth, controller.Choose(0, new(), 1, new(), 0).Depth));
        }

        QualityDemand[] demands = [new(120, 1, curve, 2)];
        controller.Receive(new(1, 1000, NodePricing.Solve(demands, 0.97)), 0);
        var seconds = Enumerable.Range(0, 20_000).Average(_ => curve.Exits[controller.Choose(0, new(), 1, new(), 0).Depth].Seconds);
        Assert.Equal(0.97 / 120, seconds, 1e-4);
    }

    [Fact]
    public void Weight_buys_depth_and_a_user_who_fell_behind_gets_some()
    {
        var controller = With(new(Exits), new(1));
        controller.Receive(new(1, 1, 12), 0);
        Assert.Equal(1, controller.Choose(0, new() { User = "a" }, 1, new(), 0).Depth);
        Assert.Equal(2, controller.Choose(0, new() { User = "a", Weight = 2 }, 1, new(), 0).Depth);
        foreach (var (user, exit) in ((string, int)[])[("a", -1), ("b", 2), ("c", 2)])
            for (var i = 0; i < 20; i++) controller.Finish(new() { DueAt = 1 }, new() { User = user }, exit, 0);
        Assert.Equal(2, controller.Choose(0, new() { User = "a" }, 1, new(), 0).Depth);
        Assert.Equal(1, controller.Choose(0, new() { User = "b" }, 1, new(), 0).Depth);
    }

    [Fact]
    public void A_run_stops_where_its_answer_is_sure_enough()
    {
        var controller = With(new(Exits, [ExitSetting.Forced(0, 0.91), new(2, [0.9, 0.8], [1, 0.4, 0.3], 0.994)]), new(1));
        var choice = controller.Choose(0, new(), 1, new(), 0);
        Assert.Equal((2, 1), (choice.Depth, choice.Setting));
        Assert.True(controller.GoesOn(choice, 0, 0.89, new(), 0.002));
        Assert.False(controller.GoesOn(choice, 0, 0.9, new(), 0.002));
        Assert.True(controller.GoesOn(choice, 0, double.NaN, new(), 0.002));
        Assert.True(controller.GoesOn(choice, 1, 0.79, new(), 0.005));
        Assert.False(controller.GoesOn(choice, 2, 0, new(), 0.010));
        // A request that came meanwhile and cannot wait.
        Assert.False(controller.GoesOn(choice, 0, 0.1, new() { Next = [new(0.0045, 0.002)] }, 0.002));
        // An exit that is not accurate enough to answer never stops a run.
        Assert.True(controller.GoesOn(controller.Choose(0, new() { MinQuality = 0.95 }, 1, new(), 0), 0, 1, new(), 0.002));
    }

    [Fact]
    public void Without_a_coordinator_the_last_price_is_kept_and_then_moved_to_where_the_node_is_as_busy_as_it_should_be()
    {
        var curve = new QualityCurve(Exits);
        var controller = With(curve, new(1));
        controller.Receive(new(1, 1, 9), 0);
        var now = 0.0;
        for (; now < 2.9; now += 1 / 250.0) controller.Arrive(0, new(), now);
        Assert.Equal(9, controller.Price);
        for (; now < 40; now += 1 / 250.0) controller.Arrive(0, new(), now);
        Assert.Equal(NodePricing.Solve([new(250, 1, curve, 2)], 0.97), controller.Price, 0.3);
        for (; now < 80; now += 1 / 50.0) controller.Arrive(0, new(), now);
        Assert.Equal(0, controller.Price);
        // Where there is time for all, nobody's answers are shallower, however little they are worth.
        Assert.Equal(2, controller.Choose(0, new() { Weight = 0.05 }, now + 1, new(), now).Depth);
        controller.Receive(new(1, 1, 4.5), now);
        Assert.Equal(4.5, controller.Price);
        controller.Receive(new(1, 0, 8), now);
        controller.Receive(new(2, 2, 8), now);
        Assert.Equal(4.5, controller.Price);
    }

    [Fact]
    public void A_price_falls_while_nothing_comes_and_no_coordinator_is_heard()
    {
        var controller = With(new(Exits), new(1));
        controller.Receive(new(1, 1, 18), 0);
        for (var second = 1; second <= 3; second++) controller.Report(second);
        Assert.Equal(18, controller.Price);
        for (var second = 4; second <= 10; second++) controller.Report(second);
        Assert.Equal(0, controller.Price);

        // Nor is it the first request's after an hour.
        controller.Receive(new(1, 1, 18), 10);
        controller.Arrive(0, new(), 3600);
        Assert.Equal(0, controller.Price);
    }

    [Fact]
    public void A_node_that_became_slow_knows_it_and_reports_what_came()
    {
        var controller = With(new(Exits), new(1));
        for (var i = 0; i < 100; i++)
        {
            controller.Arrive(0, new() { Deadline = TimeSpan.FromSeconds(i % 2 == 0 ? 0.004 : 1) }, i * 0.01);
            for (var exit = 0; exit < 3; exit++) controller.Observe(0, exit, 2 * (Exits[exit].Seconds - (exit > 0 ? Exits[exit - 1].Seconds : 0)));
        }

        Assert.Equal(0.004, controller.LeastSeconds(0, new()), 1e-4);
        Assert.Equal(0, controller.Choose(0, new(), 0.0095, new(), 0).Depth);
        Assert.Equal(1, controller.Choose(0, new(), 0.0105, new(), 0).Depth);
        var report = controller.Report(1);
        Assert.Equal(2, report.Slowness, 0.01f);
        Assert.Equal(100, report.Classes.Sum(static known => known.Rate), 0.1);
        Assert.Equal([0, 2], report.Classes.Select(static known => (int)known.Depth).Order());
        Assert.Equal(0, controller.Report(2).Classes.Sum(static known => known.Rate));
    }

    [Fact]
    public void Checks_in_the_background_correct_what_an_exit_is_worth()
    {
        var controller = With(new(Exits), new(1));
        Assert.Equal(0, controller.Choose(0, new() { MinQuality = 0.9 }, 1, new(), 0).LeastExit);
        for (var i = 0; i < 1000; i++) controller.Check(0, exit: 0, isRight: i % 2 == 0);
        Assert.Equal(1, controller.Choose(0, new() { MinQuality = 0.9 }, 1, new(), 0).LeastExit);
    }

    [Fact]
    public void A_request_allocates_nothing()
    {
        var controller = With(new(Exits), new(1));
        WaitingRequest[] next = [new(1, 0.002), new(2, 0.002)];
        var needs = new QualityNeeds { User = "a", Deadline = TimeSpan.FromSeconds(1) };
        Play(100, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Play(1000, 10);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Play(int requests, double from)
        {
            for (var i = 0; i < requests; i++)
            {
                var now = from + (i * 0.01);
                controller.Arrive(0, needs, now);
                var choice = controller.Choose(0, needs, now + 1, new() { Next = next }, now);
                controller.GoesOn(choice, 0, 0.5, new() { Next = next }, now);
                controller.Observe(0, 0, 0.002);
                controller.Check(0, 0, isRight: true);
                controller.Finish(choice, needs, 0, now);
            }
        }
    }

    [Fact]
    public void Users_beyond_those_that_are_kept_take_the_places_of_who_was_silent()
    {
        var users = new UserShares(0.97);
        for (var i = 0; i < 5000; i++) users.Note($"{i}", 1, 1);
        for (var i = 0; i < 50; i++) users.Note("last", 1, 0);
        Assert.Equal(8, users.Boost("last", 1));
        Assert.Equal(1, users.Boost("4999", 1));
        Assert.Equal(1, users.Boost("unknown", 1));
    }

    [Fact]
    public void Options_and_needs_out_of_range_are_refused_by_name()
    {
        foreach (var options in (QualityControllerOptions[])[new() { Lanes = 0 }, new() { TargetUtilization = 0 }, new() { PriceSpread = 1 }, new() { SlackRequests = 33 }, new() { PriceLifetime = TimeSpan.Zero }, new() { PriceRate = 0 }, new() { MissTarget = 0 }, new() { LeastUserShare = 2 }])
            Assert.Contains("must be", Assert.Throws<ArgumentOutOfRangeException>(() => new QualityController(1, new(1), 0, options)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(static () => With(new(Exits), new(1)).Arrive(0, new() { Weight = 0 }, 0));
        Assert.Throws<ArgumentOutOfRangeException>(static () => With(new(Exits), new(1)).Arrive(0, new() { MinQuality = 2 }, 0));
        foreach (var options in (QualityCoordinatorOptions[])[new() { TargetUtilization = 2 }, new() { PriceSpread = -1 }, new() { RateMemory = 1 }, new() { MaxNodes = 0 }]) Assert.Throws<ArgumentOutOfRangeException>(() => new QualityCoordinator(options));
    }

    private static QualityController With(QualityCurve curve, Random random)
    {
        // Holds its price until somebody changes it, so that tests can.
        var controller = new QualityController(1, random, 0);
        controller.Add(curve);
        return controller;
    }
}
