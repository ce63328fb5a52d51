using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Tests;

public class PublishedScheduleTests
{
    [Fact]
    public void Intervals_are_those_of_the_paper_at_each_horizon()
    {
        var schedule = new PublishedSchedule(dimension: 7, maxSquaredNorm: 1);
        var seen = new List<(long Horizon, int Interval)> { (schedule.Horizon, schedule.Interval) };
        while (seen.Count < 5)
        {
            schedule.Advance();
            if (schedule.Horizon != seen[^1].Horizon) seen.Add((schedule.Horizon, schedule.Interval));
        }

        Assert.Equal([(200, 4), (400, 5), (800, 6), (1600, 7), (3200, 8)], seen);
    }

    [Fact]
    public void Every_interval_th_request_is_forced()
    {
        var schedule = new PublishedSchedule(dimension: 7, maxSquaredNorm: 1);
        Assert.Equal(Enumerable.Range(1, 200).Select(static t => t % 4 == 0), Enumerable.Range(1, 200).Select(_ => schedule.Advance()));
    }

    [Fact]
    public void The_bonus_of_a_key_frame_is_half_that_of_another() =>
        Assert.Equal(0.5, Math.Sqrt(1 - PublishedSchedule.WeightOf(isKeyFrame: true)) / Math.Sqrt(1 - PublishedSchedule.WeightOf(isKeyFrame: false)), precision: 12);

    [Theory]
    [InlineData(7, 1.0, 200)]
    [InlineData(7, 7.0, 200)]
    [InlineData(3, 2.5, 200)]
    public void Alpha_is_that_of_the_paper(int dimension, double norm, int horizon)
    {
        var schedule = new PublishedSchedule(dimension, norm);
        var expected = (1 + 0.05 * Math.Sqrt(dimension * Math.Log((1 + horizon * norm * norm) / 0.1))) / (1 - 0.8);
        Assert.Equal(expected, schedule.Alpha, precision: 10);
    }
}
