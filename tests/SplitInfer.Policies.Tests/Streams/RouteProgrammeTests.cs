using SplitInfer.Policies.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class RouteProgrammeTests
{
    private static readonly RouteCost _device = new(9, Arm.OnDevice, 0.1, 0, 0, 0, 0);
    private static readonly RouteCost _server = new(0, 0, 0, 0.2, 0.05, 0.01, 0);

    [Fact]
    public void Routes_that_share_no_stage_add_up()
    {
        var programme = Solve([_device, _server], [1], double.PositiveInfinity);
        Assert.Equal(10 + 5, programme.FramesPerSecond, 1e-4);
    }

    [Fact]
    public void Servers_have_rows_of_their_own()
    {
        var other = _server with { Arm = 1, Server = 1, Link = 0.1 };
        Assert.Equal(10 + 5 + 10, Solve([_device, _server, other], [1, 1], double.PositiveInfinity).FramesPerSecond, 1e-4);
    }

    [Fact]
    public void Places_of_a_server_count()
    {
        var busy = _server with { Link = 0.001, Tail = 0.5 };
        Assert.Equal(10 + 2, Solve([_device, busy], [1], double.PositiveInfinity).FramesPerSecond, 1e-4);
        Assert.Equal(10 + 6, Solve([_device, busy], [3], double.PositiveInfinity).FramesPerSecond, 1e-4);
    }

    [Fact]
    public void What_comes_takes_the_fastest_routes()
    {
        var programme = Solve([_device, _server], [1], arriving: 4);
        Assert.Equal([4.0, 0.0], programme.Rates.ToArray());
        programme = Solve([_device, _server], [1], arriving: 11, utilization: 0.9);
        Assert.Equal(9, programme.Rates[0], 1e-4);
        Assert.Equal(2, programme.Rates[1], 1e-4);
    }

    [Fact]
    public void A_route_that_is_left_out_is_not_taken_however_fast()
    {
        var programme = new RouteProgramme(1, 2);
        programme.Solve([_device, _server], [true, false], [1], 1, 4);
        Assert.Equal([0.0, 4.0], programme.Rates.ToArray());
    }

    [Fact]
    public void No_more_routes_are_used_than_there_are_rows()
    {
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            RouteCost[] routes = [.. Enumerable.Range(0, 200).Select(arm => new RouteCost(arm, arm % 2, random.NextDouble(), random.NextDouble(), random.NextDouble(), 0, 0)), _device];
            var programme = Solve(routes, [1, 2], double.PositiveInfinity);
            Assert.True(programme.Rates.ToArray().Count(static rate => rate > 0) <= 5);
            Assert.All(routes, route => Assert.True(programme.Loss(route) >= -1e-7));
        }
    }

    private static RouteProgramme Solve(RouteCost[] routes, double[] places, double arriving, double utilization = 1)
    {
        var programme = new RouteProgramme(places.Length, routes.Length);
        programme.Solve(routes, new bool[routes.Length], places, utilization, arriving);
        return programme;
    }
}
