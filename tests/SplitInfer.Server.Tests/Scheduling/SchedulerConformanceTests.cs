using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What every scheduler does, in whatever order it runs things. A new one derives from this and says how it is made.</summary>
public abstract class SchedulerConformanceTests
{
    private readonly GatedRunner _runner = new();

    [Fact]
    public async Task Where_a_place_is_free_a_job_begins_on_the_callers_thread()
    {
        var scheduler = Create(places: 1);
        var job = new TestJob();
        scheduler.Enqueue(job);
        Assert.Equal([job], _runner.Begun);
        Assert.Equal(Environment.CurrentManagedThreadId, _runner.LastThread);
        Assert.Equal(0, job.Endings);
        _runner.End(job);
        await job.Ended;
        Assert.Null(job.Failure);
    }

    [Fact]
    public async Task No_more_run_than_there_are_places_and_those_that_wait_run_later()
    {
        var scheduler = Create(places: 2);
        var jobs = Enumerable.Range(0, 7).Select(static _ => new TestJob()).ToArray();
        foreach (var job in jobs) scheduler.Enqueue(job);
        Assert.Equal(2, _runner.Begun.Count);
        for (var ended = 0; ended < jobs.Length; ended++) _runner.End(await _runner.NextAsync());
        await Task.WhenAll(jobs.Select(static j => j.Ended));
        Assert.Equal(2, _runner.MostRunning);
        Assert.Equal(jobs.ToHashSet<TailJob>(), [.. _runner.Begun]);
        Assert.All(jobs, static j => Assert.Null(j.Failure));
    }

    [Fact]
    public async Task The_place_is_free_when_a_job_is_told_that_it_has_ended()
    {
        var scheduler = Create(places: 1);
        var next = new TestJob();
        var job = new TestJob { OnEnding = () => scheduler.Enqueue(next) };
        scheduler.Enqueue(job);
        _runner.End(job);
        await job.Ended;
        Assert.Equal([job, next], _runner.Begun);
        _runner.End(next);
        await next.Ended;
        Assert.Equal(0, scheduler.LoadFor("machine", 1).Running);
    }

    [Fact]
    public async Task Beyond_the_queue_a_job_is_neither_offered_a_place_nor_run()
    {
        var scheduler = Create(places: 1, maxQueued: 1);
        var (running, waiting, refused) = (new TestJob(), new TestJob(), new TestJob());
        scheduler.Enqueue(running);
        Assert.Null(scheduler.Offer(TestJob.TermsOf(2), out _));
        scheduler.Enqueue(waiting);
        Assert.Equal(RefusalCode.Busy, scheduler.Offer(TestJob.TermsOf(2), out _)?.Code);
        scheduler.Enqueue(refused);
        await refused.Ended;
        Assert.Equal(RefusalCode.Busy, Assert.IsType<TailRefusedException>(refused.Failure).Code);
        _runner.End(running);
        await running.Ended;
        Assert.Equal(running, await _runner.NextAsync());
        Assert.Equal(waiting, await _runner.NextAsync());
        _runner.End(waiting);
        await waiting.Ended;
        Assert.Null(scheduler.Offer(TestJob.TermsOf(2), out _));
        Assert.DoesNotContain(refused, _runner.Begun);
    }

    [Fact]
    public void An_offer_keeps_a_place_for_a_moment_only()
    {
        var scheduler = Create(places: 1, maxQueued: 0);
        Assert.Null(scheduler.Offer(TestJob.TermsOf(1), out _));
        Assert.Equal(RefusalCode.Busy, scheduler.Offer(TestJob.TermsOf(2), out _)?.Code);
        for (var i = 0; i < 100; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Null(scheduler.Offer(TestJob.TermsOf(i), out _)); // announced and never sent
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(scheduler.Offer(TestJob.TermsOf(99), out var first));
        var (withdrawn, sent) = (new TestJob(client: 99) { Arrival = first }, new TestJob(client: 99));
        scheduler.Forget(withdrawn);
        Assert.Null(scheduler.Offer(TestJob.TermsOf(99), out var second));
        sent.Arrival = second;
        scheduler.Enqueue(sent);
        Assert.Single(_runner.Begun);
        Assert.NotNull(scheduler.Offer(TestJob.TermsOf(1), out _));
    }

    [Fact]
    public void A_job_that_comes_too_late_does_not_take_the_place_of_another_one_of_its_connection()
    {
        var scheduler = Create(places: 1, maxQueued: 0);
        Assert.Null(scheduler.Offer(TestJob.TermsOf(1), out var late));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(scheduler.Offer(TestJob.TermsOf(1), out _));
        scheduler.Forget(new TestJob(client: 1) { Arrival = late });
        Assert.Equal(RefusalCode.Busy, scheduler.Offer(TestJob.TermsOf(2), out _)?.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_is_withdrawn_while_it_waits_ends_at_once_without_a_run(bool byToken)
    {
        var scheduler = Create(places: 1, maxQueued: 1);
        using var stop = new CancellationTokenSource();
        var (running, withdrawn, next) = (new TestJob(), new TestJob(stopToken: stop.Token), new TestJob());
        scheduler.Enqueue(running);
        scheduler.Enqueue(withdrawn);
        if (byToken) await stop.CancelAsync();
        else scheduler.Withdraw(withdrawn);
        await withdrawn.Ended;
        Assert.IsType<OperationCanceledException>(withdrawn.Failure);
        Assert.Equal(0, scheduler.LoadFor("machine", 1).Queued);
        // Its place in the queue is free.
        scheduler.Enqueue(next);
        _runner.End(running);
        await running.Ended;
        Assert.Equal(running, await _runner.NextAsync());
        Assert.Equal(next, await _runner.NextAsync());
        _runner.End(next);
        await next.Ended;
        Assert.Equal([running, next], _runner.Begun);
        Assert.Equal(1, withdrawn.Endings);
    }

    [Fact]
    public async Task A_job_whose_token_has_fired_does_not_wait()
    {
        var scheduler = Create(places: 1);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var (running, late) = (new TestJob(), new TestJob(stopToken: stop.Token));
        scheduler.Enqueue(running);
        scheduler.Enqueue(late);
        await late.Ended;
        Assert.IsType<OperationCanceledException>(late.Failure);
        Assert.Equal([running], _runner.Begun);
    }

    [Fact]
    public async Task Withdrawing_a_job_that_runs_or_has_ended_does_nothing()
    {
        var scheduler = Create(places: 1);
        var job = new TestJob();
        scheduler.Enqueue(job);
        scheduler.Withdraw(job);
        Assert.Equal((0, 1), (job.Endings, scheduler.LoadFor("machine", 1).Running));
        _runner.End(job);
        await job.Ended;
        scheduler.Withdraw(job);
        Assert.Null(job.Failure);
        Assert.Equal((1, 0), (job.Endings, scheduler.LoadFor("machine", 1).Running));
    }

    [Fact]
    public async Task A_job_may_be_enqueued_again_once_it_has_ended()
    {
        var scheduler = Create(places: 1);
        _runner.IsOpen = true;
        var job = new TestJob();
        for (var round = 1; round <= 5; round++)
        {
            scheduler.Enqueue(job);
            await job.Ended;
            Assert.Equal((round, round), (job.Endings, _runner.Begun.Count));
            job.Renew();
        }
    }

    [Fact]
    public async Task The_load_tells_what_runs_and_waits_and_for_how_long()
    {
        var scheduler = Create(places: 1);
        Assert.Equal(new ServerLoad(0, 0, 1, 0), scheduler.LoadFor("machine", 1));
        var (first, second) = (new TestJob(), new TestJob());
        scheduler.Enqueue(first);
        (first.StartedAt, first.EndedAt) = (0, Time.TimestampFrequency);
        scheduler.Enqueue(second);
        Assert.Equal((1, 1), (scheduler.LoadFor("machine", 1).Running, scheduler.LoadFor("machine", 1).Queued));
        _runner.End(first);
        await first.Ended;
        Assert.Equal((1, 0), (scheduler.LoadFor("machine", 1).Running, scheduler.LoadFor("machine", 1).Queued));
        Assert.True(scheduler.LoadFor("machine", 1).WaitSeconds > 0);
        Assert.Equal(first, await _runner.NextAsync());
        _runner.End(await _runner.NextAsync());
        await second.Ended;
        Assert.Equal(new ServerLoad(0, 0, 1, 0), scheduler.LoadFor("machine", 1));
    }

    [Fact]
    public async Task Every_job_ends_exactly_once_whatever_comes_together()
    {
        var scheduler = Create(places: 2, maxQueued: 8);
        _runner.IsOpen = true;
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            var jobs = new List<TestJob>();
            for (var i = 0; i < 200; i++)
            {
                using var stop = new CancellationTokenSource();
                var job = new TestJob(worker, stopToken: stop.Token);
                jobs.Add(job);
                scheduler.Enqueue(job);
                if (random.Next(3) == 0) await Task.Yield();
                if (random.Next(2) == 0) await stop.CancelAsync();
                else if (random.Next(3) == 0) scheduler.Withdraw(job);
                await job.Ended;
            }

            return jobs;
        })));
        Assert.All(all.SelectMany(static jobs => jobs), job =>
        {
            Assert.Equal(1, job.Endings);
            Assert.Equal(job.Failure is null, _runner.Begun.Contains(job));
            Assert.True(job.Failure is null or OperationCanceledException or TailRefusedException);
        });
        Assert.Equal((0, 0), (scheduler.LoadFor("machine", 1).Running, scheduler.LoadFor("machine", 1).Queued));
        Assert.InRange(_runner.MostRunning, 1, 2);
    }

    /// <summary>The clock of the scheduler.</summary>
    protected FakeTimeProvider Time { get; } = new();

    /// <summary>A scheduler of the kind that is tested.</summary>
    /// <param name="runner">Runs its jobs.</param>
    /// <param name="places">Jobs that run at a time.</param>
    /// <param name="maxQueued">Jobs that wait, at most.</param>
    private protected abstract ITailScheduler Create(ITailRunner runner, int places, int maxQueued);

    private ITailScheduler Create(int places, int maxQueued = 100) => Create(_runner, places, maxQueued);
}
