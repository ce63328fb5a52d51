using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

public sealed class FifoSchedulerTests : SchedulerConformanceTests
{
    [Fact]
    public async Task Jobs_run_in_the_order_in_which_they_came()
    {
        var runner = new GatedRunner();
        var scheduler = Create(runner, places: 1, maxQueued: 100);
        var jobs = Enumerable.Range(0, 20).Select(static i => new TestJob(client: i % 3)).ToArray();
        foreach (var job in jobs) scheduler.Enqueue(job);
        foreach (var job in jobs)
        {
            Assert.Equal(job, await runner.NextAsync());
            runner.End(job);
        }

        await Task.WhenAll(jobs.Select(static j => j.Ended));
    }

    private protected override ITailScheduler Create(ITailRunner runner, int places, int maxQueued) => new FifoScheduler(runner, places, maxQueued, Time);
}
