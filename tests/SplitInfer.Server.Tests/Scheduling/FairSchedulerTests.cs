using SplitInfer.Protocol;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

public sealed class FairSchedulerTests : SchedulerConformanceTests
{
    private const long Greedy = 1, Polite = 2;

    private readonly GatedRunner _runner = new();

    [Fact]
    public async Task Who_has_one_job_waiting_is_next_whatever_others_have()
    {
        var scheduler = Create(_runner, places: 1, maxQueued: 100);
        Fill(scheduler, Greedy, count: 30);
        var polite = new TestJob(Polite, machine: "polite");
        scheduler.Enqueue(polite);
        Assert.Contains(polite, await RunAsync(3));
    }

    [Fact]
    public async Task However_many_runs_end_at_once_the_stack_stays_shallow()
    {
        var runner = new DepthRunner();
        var scheduler = Create(runner, places: 1, maxQueued: 10_000);
        TestJob[] jobs = [.. Enumerable.Range(0, 2_000).Select(static client => new TestJob(client, machine: $"{client}"))];
        foreach (var job in jobs) scheduler.Enqueue(job);
        runner.Open();
        await Task.WhenAll(jobs.Select(static job => job.Ended));
        Assert.InRange(runner.Deepest, 1, 200); // each job would leave several frames of its own
    }

    [Fact]
    public async Task Machines_take_turns_however_many_connections_each_has()
    {
        var scheduler = Create(_runner, places: 1, maxQueued: 100);
        Fill(scheduler, client: 100, count: 1);
        for (var connection = 10; connection < 14; connection++) Fill(scheduler, connection, count: 10, "many");
        Fill(scheduler, client: 20, count: 10, "one");
        Assert.InRange((await RunAsync(15)).Count(static job => job.Terms.Machine == "one"), 5, 9);
    }

    [Fact]
    public async Task What_is_due_first_runs_first_among_the_jobs_of_one_client()
    {
        var scheduler = Create(_runner, places: 1, maxQueued: 100);
        Fill(scheduler, Greedy, count: 1);
        long[] due = [500, long.MaxValue, 100, 300, long.MaxValue, 200];
        foreach (var at in due) scheduler.Enqueue(new TestJob(Greedy, Time.GetTimestamp() + at - (at == long.MaxValue ? Time.GetTimestamp() : 0)));
        Assert.Equal(due.Order(), (await RunAsync(7)).Skip(1).Select(job => job.Terms.DueAt - (job.Terms.DueAt == long.MaxValue ? 0 : Time.GetTimestamp())));
    }

    [Fact]
    public async Task Where_the_queue_is_full_the_client_with_most_waiting_gives_up_its_last_for_one_with_less()
    {
        var scheduler = Create(_runner, places: 1, maxQueued: 4);
        var greedy = Fill(scheduler, Greedy, count: 5);
        Assert.Equal(RefusalCode.Busy, scheduler.Offer(TestJob.TermsOf(Greedy) with { Machine = "greedy" }, out _)?.Code);
        Assert.Null(scheduler.Offer(TestJob.TermsOf(Polite), out _));
        var polite = new TestJob(Polite, machine: "polite");
        scheduler.Enqueue(polite);
        await greedy[^1].Ended;
        Assert.Equal(RefusalCode.Busy, Assert.IsType<TailRefusedException>(greedy[^1].Failure).Code);
        Assert.Equal(4, scheduler.LoadFor("greedy", Greedy).Queued);
        Assert.Contains(polite, await RunAsync(3));
    }

    /// <summary>Jobs count little that exits may answer by a deadline far away, or whose runs are short; the places to wait are all taken all the same.</summary>
    [Theory]
    [InlineData(1, 16, true)]
    [InlineData(1, 40, false)]
    [InlineData(1, 256, true)]
    [InlineData(64, 256, true)]
    public async Task Who_fills_the_queue_with_what_counts_little_keeps_nobody_out(int places, int maxQueued, bool mayExitsAnswer)
    {
        var scheduler = Create(_runner, places, maxQueued);
        await RunFromToAsync(scheduler, new TestJob(Polite, machine: "polite"), seconds: 1);
        if (!mayExitsAnswer) await RunFromToAsync(scheduler, new TestJob(Greedy, machine: "greedy", cut: 2), seconds: 0.001);
        TestJob[] greedy = [.. Enumerable.Range(0, places + maxQueued).Select(_ => new TestJob(Greedy, Time.GetTimestamp() + (10_000 * Time.TimestampFrequency), "greedy", cut: 2) { LeastSeconds = mayExitsAnswer ? 0.001 : 0 })];
        foreach (var job in greedy) scheduler.Enqueue(job);
        Assert.Equal((places, maxQueued), (scheduler.LoadFor("greedy", Greedy).Running, scheduler.LoadFor("greedy", Greedy).Queued));
        Assert.Null(scheduler.Offer(TestJob.TermsOf(Polite) with { Machine = "polite" }, out _));
        var polite = new TestJob(Polite, machine: "polite");
        scheduler.Enqueue(polite);
        Assert.Null(polite.Failure);
        Assert.Single(greedy, static job => job.Failure is TailRefusedException { Code: RefusalCode.Busy });
    }

    [Fact]
    public async Task Who_has_less_waiting_is_told_of_less_to_wait()
    {
        var scheduler = await RanOnceAsync(seconds: 1);
        Fill(scheduler, Greedy, count: 11);
        Assert.Equal(11, scheduler.LoadFor("greedy", Greedy).WaitSeconds, 1e-9);
        Assert.Equal(2, scheduler.LoadFor("polite", Polite).WaitSeconds, 1e-9);
    }

    [Fact]
    public async Task A_deadline_that_cannot_be_met_is_refused_by_the_header_but_not_for_ever()
    {
        var scheduler = await RanOnceAsync(seconds: 1);
        Fill(scheduler, Greedy, count: 2);
        Assert.Null(scheduler.Offer(Due(seconds: 4), out _));
        Assert.Equal(RefusalCode.DeadlineExceeded, scheduler.Offer(Due(seconds: 0.5), out _)?.Code);
        for (var i = 0; i < 1000; i++) Assert.NotNull(scheduler.Offer(Due(seconds: 0.5), out _)); // nobody talks an estimate down
        Assert.Equal(2, scheduler.LoadFor("polite", Polite).WaitSeconds, 1e-9);
    }

    [Fact]
    public async Task A_run_that_is_expected_to_take_too_long_is_tried_again_in_the_end()
    {
        var scheduler = await RanOnceAsync(seconds: 1);
        var hours = 0;
        for (; scheduler.Offer(Due(seconds: 0.5), out _) is not null && hours < 100; hours++) Time.Advance(TimeSpan.FromHours(1));
        Assert.InRange(hours, 5, 20); // the one slow run that it judges by may have been an exception
    }

    [Fact]
    public void Coming_again_as_somebody_else_gains_nothing()
    {
        var (queue, polite, turns) = (new FairQueue(), new TestJob(client: 0, machine: "polite"), 0);
        polite.Expect(0.01);
        queue.Add(polite);
        for (var number = 1; number <= 1000; number++)
        {
            var again = new TestJob(number, machine: "hostile");
            again.Expect(0.01);
            queue.Add(again);
            Assert.True(queue.TryTake(static _ => true, ahead: 0.16, out var job));
            if (job != polite) continue;
            turns++;
            queue.Add(polite);
        }

        Assert.InRange(turns, 450, 550);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_runs_for_longer_than_was_expected_waits_for_as_much_though_it_has_nothing_waiting_then(bool areMachines)
    {
        const double Expected = 0.002;
        var queue = new FairQueue();
        TestJob Make(int number) => new(client: areMachines ? 1 : number, machine: areMachines ? $"machine {number}" : "machine");
        // A third one always has something waiting, so that the machine of connections stays.
        var (longer, shorter, other, seconds) = (Make(1), Make(2), Make(3), new double[4]);
        foreach (var job in new[] { longer, shorter, other }) Add(job);
        for (var turn = 0; turn < 4000; turn++)
        {
            Assert.True(queue.TryTake(static _ => true, ahead: 0, out var job));
            var took = job == longer ? 5 * Expected : Expected;
            seconds[job == longer ? 1 : job == shorter ? 2 : 3] += took;
            if (job == other) Add(other);
            queue.Settle(job, took);
            if (job != other) Add(job);
        }

        Assert.All(seconds[1..], one => Assert.InRange(one / seconds.Sum(), 0.30, 0.36));

        void Add(TailJob job)
        {
            job.Expect(Expected);
            queue.Add(job);
        }
    }

    [Fact]
    public void What_is_owed_is_no_more_than_the_last_run()
    {
        var queue = new FairQueue();
        var (old, fresh) = (new TestJob(machine: "old"), new TestJob(machine: "fresh"));
        for (var run = 0; run < 1000; run++)
        {
            old.Expect(0.01);
            queue.Add(old);
            Assert.True(queue.TryTake(static _ => true, ahead: 0, out _));
            queue.Settle(old, 0.1);
        }

        var turns = 0;
        old.Expect(0.01);
        queue.Add(old);
        while (true)
        {
            fresh.Expect(0.01);
            queue.Add(fresh);
            Assert.True(queue.TryTake(static _ => true, ahead: 0, out var job));
            queue.Settle(job, 0.01);
            if (job == old) break;
            turns++;
        }

        Assert.InRange(turns, 8, 11);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Saying_that_it_is_due_sooner_gains_a_few_turns_once(bool comesAnew)
    {
        const double Cost = 0.01, Ahead = 0.16;
        var (queue, polite, turns, waited, longest) = (new FairQueue(), new TestJob(client: 0, machine: "polite"), 0, 0, 0);
        polite.Expect(Cost);
        queue.Add(polite);
        for (var number = 1; number <= 1000; number++)
        {
            var sooner = new TestJob(comesAnew ? number : 1, dueAt: number, machine: "hostile");
            sooner.Expect(Cost);
            queue.Add(sooner);
            Assert.True(queue.TryTake(static _ => true, Ahead, out var job));
            (waited, longest) = (job == polite ? 0 : waited + 1, Math.Max(longest, waited));
            if (job != polite) continue;
            turns++;
            polite.Expect(Cost);
            queue.Add(polite);
        }

        Assert.InRange(turns, 450, 550);
        Assert.InRange(longest, 0, (Ahead / Cost) + 2);
    }

    [Theory]
    [CombinatorialCounts]
    public void The_first_job_of_a_machine_may_wait_whatever_it_and_those_of_others_count(double counted, double hostile, double whole)
    {
        var (queue, first) = (new FairQueue(), TestJob.TermsOf(0) with { Machine = "polite" });
        for (var waiting = 0; waiting < 64; waiting++)
        {
            var isAdmitted = queue.Runs + counted <= whole || queue.IsFirstBesideSingles(first.Machine) || queue.Displaced(first, counted, whole) is { Terms.Machine: "hostile" };
            Assert.True(isAdmitted, $"refused beside {waiting} jobs");
            if (queue.Count > 0 && queue.Runs + hostile > whole) return;
            var job = new TestJob(waiting, machine: "hostile") { CountedRuns = hostile };
            job.Expect(0.01);
            queue.Add(job);
        }
    }

    [Fact]
    public void Who_runs_longer_than_was_expected_pays_for_it()
    {
        var (queue, had) = (new FairQueue(), new double[2]);
        TestJob[] jobs = [new(client: 0, machine: "honest"), new(client: 1, machine: "longer")];
        foreach (var job in jobs)
        {
            job.Expect(0.01);
            queue.Add(job);
        }

        for (var turn = 0; turn < 1000; turn++)
        {
            Assert.True(queue.TryTake(static _ => true, ahead: 0.16, out var job));
            var took = job.Terms.Connection == 0 ? 0.01 : 0.05;
            had[job.Terms.Connection] += took;
            job.Expect(0.01);
            queue.Add(job);
            queue.Settle(job, took);
        }

        Assert.Equal(1, had[0] / had[1], 0.05);
    }

    [Fact]
    public void Clients_that_always_have_something_waiting_get_run_times_that_differ_by_two_jobs_at_most() => Sampled(seed: 8, 50, static random =>
    {
        const int Clients = 4;
        var (queue, had, most) = (new FairQueue(), new double[Clients], 0.0);
        for (var client = 0; client < Clients; client++) Add(client);
        for (var step = 0; step < 500; step++)
        {
            Assert.True(queue.TryTake(static _ => true, ahead: 0.16, out var job));
            had[job.Terms.Connection] += job.Terms.ExpectedSeconds;
            Add((int)job.Terms.Connection);
            Assert.InRange(had.Max() - had.Min(), 0, 2 * most);
        }

        void Add(int client)
        {
            var job = new TestJob(client, machine: $"{client}");
            job.Expect(0.001 + random.NextDouble());
            most = Math.Max(most, job.Terms.ExpectedSeconds);
            queue.Add(job);
        }
    });

    [Fact]
    public void What_was_taken_out_or_withdrawn_leaves_the_count_right() => Sampled(seed: 9, 50, static random =>
    {
        var (queue, waiting) = (new FairQueue(), new List<TestJob>());
        for (var step = 0; step < 400; step++)
        {
            if (random.Next(2) == 0)
            {
                waiting.Add(new TestJob(random.Next(5), random.Next(100), $"{random.Next(2)}"));
                queue.Add(waiting[^1]);
            }
            else if (random.Next(2) == 0 && waiting.Count > 0)
            {
                var withdrawn = waiting[random.Next(waiting.Count)];
                queue.Remove(withdrawn);
                waiting.Remove(withdrawn);
            }
            else if (queue.TryTake(static _ => true, ahead: 0.16, out var job))
            {
                Assert.True(waiting.Remove((TestJob)job));
                Assert.All(waiting.Where(other => (other.Terms.Machine, other.Terms.Connection) == (job.Terms.Machine, job.Terms.Connection)), other => Assert.True(other.Terms.DueAt >= job.Terms.DueAt));
            }

            Assert.Equal(waiting.Count, queue.Count);
        }
    });

    [Fact]
    public async Task Runs_of_unknown_or_much_greater_length_leave_others_one_place()
    {
        var scheduler = Create(_runner, places: 2, maxQueued: 100);
        await RunFromToAsync(scheduler, new TestJob(Polite, machine: "polite"), seconds: 0.1);
        TestJob[] endless = [.. Enumerable.Range(0, 3).Select(static i => new TestJob(Greedy, machine: "greedy", cut: 7))];
        foreach (var job in endless) scheduler.Enqueue(job);
        Assert.Equal(endless[0], await _runner.NextAsync());
        Assert.Equal((1, 2), (scheduler.LoadFor("polite", Polite).Running, scheduler.LoadFor("polite", Polite).Queued));
        for (var request = 0; request < 5; request++) await RunFromToAsync(scheduler, new TestJob(Polite, machine: "polite"), seconds: 0.1);

        // Stopped in the end, it is known to be long, which changes nothing while somebody else is there.
        (endless[0].StartedAt, endless[0].EndedAt) = (0, 30 * Time.TimestampFrequency);
        _runner.End(endless[0]);
        Assert.Equal(endless[1], await _runner.NextAsync());
        Assert.Equal((1, 1), (scheduler.LoadFor("polite", Polite).Running, scheduler.LoadFor("polite", Polite).Queued));
        Time.Advance(TimeSpan.FromMinutes(2));
        var late = new TestJob(Greedy, machine: "greedy", cut: 7);
        scheduler.Enqueue(late);
        Assert.Equal(late, await _runner.NextAsync());
    }

    [Fact]
    public async Task Jobs_that_never_ran_say_nothing_of_how_long_runs_take()
    {
        var scheduler = await RanOnceAsync(seconds: 1);
        for (var late = 0; late < 50; late++)
        {
            var job = new TestJob(Greedy, machine: "greedy", cut: 9);
            (job.StartedAt, job.EndedAt) = (0, 10);
            scheduler.Enqueue(job);
            job.Failure = new OperationCanceledException();
            _runner.End(await _runner.NextAsync());
            await job.Ended;
        }

        Fill(scheduler, Greedy, count: 2);
        Assert.Equal(2, scheduler.LoadFor("polite", Polite).WaitSeconds, 1e-9);
    }

    [Fact]
    public async Task Where_all_runs_are_alike_all_places_are_used()
    {
        var scheduler = Create(_runner, places: 2, maxQueued: 100);
        await RunFromToAsync(scheduler, new TestJob(Polite, machine: "polite"), seconds: 3);
        Fill(scheduler, Greedy, count: 4);
        Assert.Equal((2, 2), (scheduler.LoadFor("polite", Polite).Running, scheduler.LoadFor("polite", Polite).Queued));
    }

    private async Task RunFromToAsync(ITailScheduler scheduler, TestJob job, double seconds)
    {
        (job.StartedAt, job.EndedAt) = (0, (long)(seconds * Time.TimestampFrequency));
        scheduler.Enqueue(job);
        Assert.Equal(job, await _runner.NextAsync());
        _runner.End(job);
        await job.Ended;
    }

    private protected override ITailScheduler Create(ITailRunner runner, int places, int maxQueued) => new FairScheduler(runner, places, maxQueued, Time);

    private static void Sampled(int seed, int count, Action<Random> property)
    {
        for (var i = 0; i < count; i++) property(new Random((seed * 1000) + i));
    }

    private static TestJob[] Fill(ITailScheduler scheduler, long client, int count, string machine = "greedy")
    {
        TestJob[] jobs = [.. Enumerable.Range(0, count).Select(_ => new TestJob(client, machine: machine))];
        foreach (var job in jobs) scheduler.Enqueue(job);
        return jobs;
    }

    /// <summary>A scheduler that knows how long a run takes.</summary>
    private async Task<ITailScheduler> RanOnceAsync(double seconds)
    {
        var scheduler = Create(_runner, places: 1, maxQueued: 100);
        var job = Fill(scheduler, client: 50, count: 1)[0];
        (job.StartedAt, job.EndedAt) = (0, (long)(seconds * Time.TimestampFrequency));
        await RunAsync(1);
        await job.Ended;
        return scheduler;
    }

    private TailJobTerms Due(double seconds) => TestJob.TermsOf(Polite) with { DueAt = Time.GetTimestamp() + (long)(seconds * Time.TimestampFrequency) };

    /// <summary>Ends the runs one after the other.</summary>
    private async Task<List<TailJob>> RunAsync(int count)
    {
        var ran = new List<TailJob>();
        for (var i = 0; i < count; i++)
        {
            ran.Add(await _runner.NextAsync());
            _runner.End(ran[^1]);
        }

        return ran;
    }
}

/// <summary>What a polite and a hostile job count, and what may wait in all, in mean runs.</summary>
internal sealed class CombinatorialCountsAttribute : Xunit.Sdk.DataAttribute
{
    public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
        from counted in (double[])[0.25, 0.9, 1, 1.3, 4]
        from hostile in (double[])[0.25, 0.45, 0.9, 1, 1.9, 4]
        from whole in (double[])[2, 3, 16]
        select (object[])[counted, hostile, whole];
}
