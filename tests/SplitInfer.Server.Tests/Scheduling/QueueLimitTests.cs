using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

public sealed class QueueLimitTests
{
    private const double Mean = 0.02;

    [Theory]
    [InlineData(0, 16)]
    [InlineData(Mean, 16)]
    [InlineData(Mean / 2, 32)]
    [InlineData(Mean / 1000, 64)]
    [InlineData(Mean * 2, 8)]
    [InlineData(Mean * 1000, 4)]
    public void As_many_wait_as_a_few_runs_take(double expected, int jobs)
    {
        var (limit, waiting, count) = (new QueueLimit(places: 1, maxJobs: 1000), 0.0, 0);
        for (; limit.HasRoom(QueueLimit.Count(expected, Mean), waiting, count, free: 0); count++) waiting += QueueLimit.Count(expected, Mean);
        Assert.Equal(jobs, count);
    }

    [Theory]
    [InlineData(0.00005, 1, 80)]
    [InlineData(0.0001, 2, 80)]
    [InlineData(0.00025, 1, 16)]
    [InlineData(0.001, 1, 16)]
    [InlineData(0.001, 32, 128)]
    public void Of_short_runs_as_many_wait_as_take_4_ms(double mean, int places, int jobs)
    {
        var limit = new QueueLimit(places, maxJobs: 1000);
        limit.Record(waited: 0, mean);
        Assert.Equal(jobs, limit.Runs, 1e-6);
        Assert.True(limit.Target(mean) >= 0.004);
    }

    [Fact]
    public void One_may_wait_whatever_it_counts_unless_none_may()
    {
        var limit = new QueueLimit(places: 1, maxJobs: 1000);
        for (var round = 0; round < 100 * 16; round++) limit.Record(waited: 100, Mean);
        Assert.Equal(1.0 / 8, limit.Factor);
        Assert.True(limit.HasRoom(counted: 4, waiting: 0, jobs: 0, free: 0));
        Assert.False(limit.HasRoom(counted: 4, waiting: 1, jobs: 1, free: 0));
        Assert.True(limit.HasRoom(counted: 4, waiting: 0, jobs: 0, free: 1));
        Assert.False(new QueueLimit(places: 1, maxJobs: 0).HasRoom(counted: 1, waiting: 0, jobs: 0, free: 0));
    }

    [Fact]
    public void Where_jobs_wait_longer_than_runs_explain_fewer_may_until_they_do_not()
    {
        // Jobs begin three times as late as they would where nothing else used the machine, and then no longer.
        var (limit, factors) = (new QueueLimit(places: 2, maxJobs: 1000), new List<double>());
        for (var run = 0; run < 16 * 60; run++)
        {
            var disturbance = run < 16 * 30 ? 3 : 1;
            limit.Record(limit.Runs * Mean / 2 * disturbance, Mean);
            if (run % 16 == 15) factors.Add(limit.Factor);
        }

        Assert.All(factors.Take(30).Skip(5), static factor => Assert.InRange(factor * 3, 0.8, 1.9)); // the wait is the target, within its tolerance
        Assert.Equal(1, factors[^1]);
    }

    [Fact]
    public void A_single_long_wait_changes_nothing()
    {
        var limit = new QueueLimit(places: 1, maxJobs: 1000);
        for (var run = 0; run < 160; run++) limit.Record(run % 16 == 3 ? 100 : Mean, Mean);
        Assert.Equal(1, limit.Factor);
    }
}
