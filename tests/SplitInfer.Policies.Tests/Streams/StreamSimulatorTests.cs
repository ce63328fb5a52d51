using SplitInfer.Simulation.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class StreamSimulatorTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(100)]
    public void The_planner_comes_close_to_the_bound_and_ahead_of_one_frame_at_a_time(double mbps)
    {
        var simulator = new StreamSimulator(StreamWorlds.Steady(mbps));
        var planned = simulator.Play(StreamContender.Planner);
        Assert.InRange(planned.BoundRatio, 0.92, 1.02);
        Assert.True(planned.FramesPerSecond > 1.1 * simulator.Play(StreamContender.MuLinUcb).FramesPerSecond);
        Assert.True(planned.FramesPerSecond > 0.95 * simulator.Play(StreamContender.BestFixedPipelined).FramesPerSecond);
    }

    [Fact]
    public void Without_chance_one_arm_takes_what_its_stages_take_and_nobody_exceeds_the_bound()
    {
        var world = StreamWorlds.Steady(8, frames: 300) with { Noise = 0 };
        var simulator = new StreamSimulator(world);
        var (input, whole) = (world.Arms[0], world.Arms[^1]);
        Assert.Equal(1e3 / whole.HeadMs, simulator.Play(StreamContender.AllOnDevice).FramesPerSecond, 1e-6);
        Assert.Equal(1e3 / (10 + (input.PayloadBits / 8e3) + input.TailMs), simulator.Play(StreamContender.AllOnServer).FramesPerSecond, 1e-6);
        Assert.Equal(8e6 / input.PayloadBits, simulator.Play(StreamContender.AllOnServerPipelined).FramesPerSecond, 0.01);
        Assert.All(Enum.GetValues<StreamContender>(), contender => Assert.InRange(simulator.Play(contender).BoundRatio, 0, 1));
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(4, 16)]
    public void A_step_of_the_link_is_found_within_the_frames_in_flight_and_a_few(double before, double after)
    {
        var result = new StreamSimulator(StreamWorlds.Step(before, after, atSeconds: 4)).Play(StreamContender.Planner);
        Assert.InRange(Assert.Single(result.RecoveryFrames), 0, 3);
    }

    [Fact]
    public void Two_servers_are_used_side_by_side()
    {
        var one = StreamWorlds.Steady(8);
        var two = one with { Servers = [.. one.Servers, StreamServer.Steady(8, 20, places: 2)] };
        var (alone, both) = (new StreamSimulator(one), new StreamSimulator(two));
        Assert.True(both.Bound() > 1.2 * alone.Bound());
        Assert.True(both.Play(StreamContender.Planner).FramesPerSecond > 1.15 * alone.Play(StreamContender.Planner).FramesPerSecond);
    }

    [Fact]
    public void Frames_stay_within_the_latency_that_is_asked_for()
    {
        var world = StreamWorlds.Steady(8, frames: 1000) with { MaxLatencyMs = 100 };
        var result = new StreamSimulator(world).Play(StreamContender.Planner);
        Assert.InRange(result.P95Ms, 0, 100);
        Assert.Equal(1, result.WindowsInTime);
    }

    [Theory]
    [InlineData(StreamDrop.Oldest)]
    [InlineData(StreamDrop.Newest)]
    public void Frames_that_come_too_fast_are_dropped_and_the_others_are_fresh(StreamDrop drop)
    {
        var world = StreamWorlds.Steady(8) with { FramesPerSecond = 400, Drop = drop, MaxLatencyMs = 150 };
        var result = new StreamSimulator(world).Play(StreamContender.Planner);
        Assert.InRange(result.Dropped, 1, world.Frames - 1);
        Assert.InRange(result.P95Ms, 0, 200);
    }

    [Fact]
    public void Frames_that_come_slowly_are_all_taken_as_they_come()
    {
        var world = StreamWorlds.Steady(8) with { FramesPerSecond = 20 };
        var result = new StreamSimulator(world).Play(StreamContender.Planner);
        Assert.Equal(0, result.Dropped);
        Assert.InRange(result.FramesPerSecond, 19, 21);
        Assert.InRange(result.P50Ms, 0, 30);
    }

    [Fact]
    public void Random_worlds_are_the_same_for_the_same_seed_and_the_planner_holds_its_own_there()
    {
        var ratios = new List<double>();
        for (var seed = 501; seed <= 512; seed++)
        {
            var simulator = new StreamSimulator(RandomStreamWorld.Of(seed));
            var planned = simulator.Play(StreamContender.Planner);
            Assert.Equal(planned.FramesPerSecond, new StreamSimulator(RandomStreamWorld.Of(seed)).Play(StreamContender.Planner).FramesPerSecond);
            ratios.Add(planned.FramesPerSecond / simulator.Play(StreamContender.BestFixedPipelined).FramesPerSecond);
        }

        ratios.Sort();
        Assert.True(ratios[ratios.Count / 2] > 1);
    }
}
