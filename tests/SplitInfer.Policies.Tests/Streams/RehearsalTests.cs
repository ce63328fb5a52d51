using SplitInfer.Policies.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class RehearsalTests
{
    private static readonly RouteCost _split = new(0, 0, 0.02, 0.05, 0.03, 0.04, 0);

    [Fact]
    public void One_frame_at_a_time_takes_the_sum_of_its_stages()
    {
        var rehearsal = new Rehearsal(1, 4);
        Assert.Equal(1 / 0.14, rehearsal.Play([_split], [1], 1, double.PositiveInfinity), 6);
        Assert.Equal(0.14, rehearsal.Longest, 6);
    }

    [Fact]
    public void Enough_frames_keep_the_slowest_stage_busy()
    {
        var rehearsal = new Rehearsal(1, 4);
        Assert.Equal(20, rehearsal.Play([_split], [1], 3, double.PositiveInfinity), 6);
        Assert.Equal(20, rehearsal.Play([_split], [1], 10, double.PositiveInfinity), 6);

        // The others wait at the slowest stage.
        Assert.Equal(0.5, rehearsal.Longest, 6);
    }

    [Fact]
    public void Frames_that_come_more_slowly_do_not_wait()
    {
        var rehearsal = new Rehearsal(1, 4);
        Assert.Equal(10, rehearsal.Play([_split], [1], 10, arriving: 10), 6);
        Assert.Equal(0.14, rehearsal.Longest, 6);
    }

    [Fact]
    public void A_whole_model_on_the_device_delays_the_heads_behind_it()
    {
        RouteCost[] routes = [_split with { Device = 0.01 }, new(1, Arm.OnDevice, 0.25, 0, 0, 0, 0)];
        var rehearsal = new Rehearsal(1, 4);

        // 20 frames a second by the link, which leave the device time for 3.2 a second of its own.
        double[] shares = [20 / 23.2, 3.2 / 23.2];
        Assert.InRange(rehearsal.Play(routes, shares, 16, double.PositiveInfinity), 22.5, 23.3);
        Assert.True(rehearsal.Play(routes, shares, 3, double.PositiveInfinity) < 20);
    }
}
