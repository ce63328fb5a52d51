using SplitInfer.Policies.Streams;
using SplitInfer.Simulation.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class StreamPlannerTests
{
    [Fact]
    public void Routes_that_are_used_are_no_more_than_stages_and_fill_them()
    {
        var planner = StreamWorlds.Planner(StreamWorlds.Steady(8));
        StreamWorlds.Play(StreamWorlds.Steady(8), planner, 200);
        var forecast = planner.Forecast;
        Assert.InRange(forecast.Routes.Length, 1, 4);
        Assert.Equal(1, forecast.Routes.Sum(static route => route.Share), 9);
        Assert.Equal(1, forecast.Utilization);
        Assert.InRange(forecast.FramesPerSecond, 0.9 * forecast.MostFramesPerSecond, 1.0001 * forecast.MostFramesPerSecond);
        Assert.InRange(forecast.MostFramesPerSecond / new StreamSimulator(StreamWorlds.Steady(8)).Bound(), 0.93, 1.07);
        Assert.All(forecast.Routes, static route => Assert.True(route.LatencySeconds >= route.DeviceSeconds + route.LinkSeconds + route.ServerSeconds));
    }

    [Fact]
    public void The_first_frame_meets_the_server_and_the_device_goes_on()
    {
        var planner = StreamWorlds.Planner(StreamWorlds.Steady(8));
        Assert.Equal(2, planner.Window);
        var first = planner.Next(new() { NowSeconds = 0 });
        Assert.True(first is { IsProbe: true, Arm.IsOnDevice: false, Sequence: 1 });
        Assert.True(planner.Next(new() { NowSeconds = 0 }) is { IsProbe: false, Arm.IsOnDevice: true, Sequence: 2 });
    }

    [Fact]
    public void The_same_frames_lead_to_the_same_routes()
    {
        var world = StreamWorlds.Steady(16);
        Assert.Equal(StreamWorlds.Play(world, StreamWorlds.Planner(world), 150), StreamWorlds.Play(world, StreamWorlds.Planner(world), 150));
    }

    [Fact]
    public void A_server_that_is_not_available_is_not_chosen()
    {
        var world = StreamWorlds.Steady(16);
        Assert.All(StreamWorlds.Play(world, StreamWorlds.Planner(world), 50, unavailable: 1), static decision => Assert.True(decision.Arm.IsOnDevice));
    }

    [Fact]
    public void A_masked_cut_is_not_chosen_any_more()
    {
        var world = StreamWorlds.Steady(8);
        var setup = world.Setup(TimeProvider.System);
        var planner = new StreamPlanner(setup, new());
        StreamWorlds.Play(world, planner, 100);
        foreach (var route in planner.Forecast.Routes)
            if (!route.Arm.IsOnDevice) setup.Mask.Add(route.Arm.Variant, route.Arm.Cut, "no such segment");
        Assert.All(StreamWorlds.Play(world, planner, 50), decision => Assert.False(setup.Mask.Contains(decision.Arm)));
    }

    [Fact]
    public void Exits_and_other_variants_are_no_routes()
    {
        var world = StreamWorlds.Steady(50);
        var setup = world.Setup(TimeProvider.System);
        var arms = setup.Arms.Select(static (arm, index) => index % 2 == 0 && !arm.Arm.IsOnDevice ? arm with { Arm = arm.Arm with { Exit = 1 } } : arm);
        var planner = new StreamPlanner(new() { Arms = [.. arms], Heads = setup.Heads, Servers = setup.Servers }, new());
        Assert.All(StreamWorlds.Play(world, planner, 100), static decision => Assert.Equal(0, decision.Arm.Exit));
    }

    [Fact]
    public void Arms_that_are_not_accurate_enough_are_no_routes()
    {
        var world = StreamWorlds.Steady(8) with { Arms = [.. StreamTables.SqueezeNet(0.5).Select(static arm => arm with { Accuracy = arm.Codec == 1 ? 0.99 : 1 })] };
        var planner = StreamWorlds.Planner(world, new() { MinAccuracy = 0.995 });
        Assert.All(StreamWorlds.Play(world, planner, 100), static decision => Assert.Equal(0, decision.Arm.Codec));
    }

    [Fact]
    public void Frames_that_come_slowly_take_the_fastest_route()
    {
        var world = StreamWorlds.Steady(8);
        var setup = world.Setup(TimeProvider.System);
        var planner = new StreamPlanner(setup, new() { FramesPerSecond = 5 });
        StreamWorlds.Play(world, planner, 100);
        var forecast = planner.Forecast;
        Assert.Equal(0.9, forecast.Utilization);
        Assert.Equal(5, forecast.FramesPerSecond, 0.1);

        // At 5 frames a second nothing waits, so that one route is enough.
        Assert.Single(forecast.Routes);
    }

    [Fact]
    public void Routes_stay_within_the_latency()
    {
        var world = StreamWorlds.Steady(8) with { MaxLatencyMs = 60 };
        var planner = StreamWorlds.Planner(world, new() { MaxLatencySeconds = 0.06 });
        StreamWorlds.Play(world, planner, 200);
        Assert.All(planner.Forecast.Routes, static route => Assert.InRange(route.LatencySeconds, 0, 0.06));
    }

    /// <summary>Frames that were given up have no reply, so that a link that has become slow would otherwise never show.</summary>
    [Fact]
    public void A_server_whose_frames_are_all_given_up_is_left_alone()
    {
        var world = StreamWorlds.Steady(16);
        var planner = StreamWorlds.Planner(world, new() { MaxLatencySeconds = 0.1 });
        StreamWorlds.Play(world, planner, 200);
        var (now, sent) = (1e3, new List<bool>());
        for (var i = 0; i < 60; i++)
        {
            var decision = planner.Next(new() { NowSeconds = now });
            sent.Add(!decision.Arm.IsOnDevice);
            planner.Observe(new() { Decision = decision, QueuedAt = now, DeviceBegan = now, DeviceEnded = now + 0.01, SendBegan = decision.Arm.IsOnDevice ? double.NaN : now + 0.01, RepliedAt = double.NaN, Fate = decision.Arm.IsOnDevice ? StreamFate.Completed : StreamFate.Late });
            now += 0.2;
        }

        Assert.Contains(true, sent.Take(10));
        Assert.True(sent.Skip(30).Count(static isSent => isSent) <= 3);
    }

    [Fact]
    public void Outcomes_that_nobody_asked_for_are_ignored()
    {
        var planner = StreamWorlds.Planner(StreamWorlds.Steady(8));
        var decision = planner.Next(new() { NowSeconds = 0 });
        planner.Observe(new() { Decision = decision with { Sequence = 77 }, DeviceBegan = 0, DeviceEnded = 1e9, RepliedAt = 1e9, SendBegan = 0 });
        planner.ObserveRoundTrip(5, 1);
        planner.ObserveRoundTrip(0, double.NaN);
        planner.Observe(new() { Decision = decision, DeviceBegan = 5, DeviceEnded = 1, RepliedAt = double.NaN, SendBegan = double.NaN, Fate = StreamFate.Failed });
        Assert.True(double.IsFinite(planner.Forecast.MostFramesPerSecond));
    }

    [Fact]
    public void Choosing_and_observing_allocate_nothing()
    {
        var world = StreamWorlds.Steady(8);
        var planner = StreamWorlds.Planner(world);
        StreamWorlds.Play(world, planner, 300);
        var (now, allocated) = (1e3, 0L);
        for (var i = 0; i < 400; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var decision = planner.Next(new() { NowSeconds = now });
            now += 0.02;
            planner.Observe(new() { Decision = decision, QueuedAt = now - 0.02, DeviceBegan = now - 0.02, DeviceEnded = now - 0.01, SendBegan = decision.Arm.IsOnDevice ? double.NaN : now - 0.01, RepliedAt = decision.Arm.IsOnDevice ? double.NaN : now + 0.03, Bits = 1e5, ServerSeconds = 0.005 });
            if (i >= 100) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task Frames_may_be_chosen_and_observed_at_the_same_time()
    {
        var planner = StreamWorlds.Planner(StreamWorlds.Steady(8));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                var decision = planner.Next(new() { NowSeconds = i * 0.01 });
                planner.ObserveRoundTrip(0, 0.01);
                planner.Observe(new() { Decision = decision, DeviceBegan = i * 0.01, DeviceEnded = (i * 0.01) + 0.005, SendBegan = double.NaN, RepliedAt = double.NaN });
                Assert.InRange(planner.Window, 2, 64);
            }
        })));
        Assert.Equal(801, planner.Next(new() { NowSeconds = 10 }).Sequence);
    }

    [Theory]
    [InlineData(0, 0.9, null)]
    [InlineData(1, 0, null)]
    [InlineData(1, 1.1, null)]
    [InlineData(1, 0.9, 0.0)]
    public void Options_out_of_range_are_refused(double latency, double utilization, double? rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StreamWorlds.Planner(StreamWorlds.Steady(8), new() { MaxLatencySeconds = latency, Utilization = utilization, FramesPerSecond = rate }));
}
