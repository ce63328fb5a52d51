using FsCheck;
using FsCheck.Fluent;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>Which jobs run together, in virtual time: one alone takes 1 s, b together 0.9 + 0.1·b s.</summary>
public sealed class BatchSchedulingTests
{
    [Fact]
    public void What_has_waited_runs_together_once_a_place_is_free_and_what_finds_a_place_does_not_wait()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        var jobs = Enumerable.Range(0, 8).Select(n => world.Enqueue(connection: n)).ToArray();
        Assert.Equal([1], world.Sizes);
        world.Play();
        Assert.Equal([1, 7], world.Sizes);
        Assert.All(jobs, static job => Assert.True(job.Endings == 1 && job.IsInTime));
        Assert.Equal((0, 0), (world.Scheduler.LoadFor("a", 1).Running, world.Scheduler.LoadFor("a", 1).Queued));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    public void No_more_run_together_than_may(int maxBatch, int most)
    {
        var world = new BatchWorld(places: 1, maxBatch);
        for (var n = 0; n < 13; n++) world.Enqueue(connection: n);
        world.Play();
        Assert.Equal(most, world.Sizes.Max());
        Assert.Equal(13, world.Sizes.Sum());
    }

    [Fact]
    public void Where_a_batch_does_not_lower_what_a_job_takes_each_runs_alone()
    {
        var world = new BatchWorld(places: 2, maxBatch: 16, alpha: 0.01, beta: 0.99);
        for (var n = 0; n < 12; n++) world.Enqueue(connection: n);
        world.Play();
        Assert.All(world.Sizes, static size => Assert.Equal(1, size));
    }

    [Fact]
    public void Others_run_in_between_by_their_turn()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        world.Enqueue("x", 7, batches: false);
        for (var n = 0; n < 4; n++) world.Enqueue("a", n);
        var other = world.Enqueue("b", 9, batches: false);
        world.Play();
        Assert.Equal([1, 4, 1], world.Sizes);
        Assert.Same(other, world.Runs[2][0]);
    }

    [Fact]
    public void A_batch_takes_no_longer_than_what_is_due_in_it()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        Learn(world);
        world.Enqueue();
        for (var n = 0; n < 6; n++) world.Enqueue(connection: n, dueAfter: n == 0 ? 1 + 1.25 : 100);
        world.Play();
        // Three take 1.2 s, and four 1.3.
        Assert.Equal([1, 3, 3], world.Sizes[^3..]);
        Assert.All(world.Runs.SelectMany(static run => run), static job => Assert.True(((PlayedJob)job).IsInTime));
    }

    [Theory]
    [InlineData(0.05, 1)]
    [InlineData(2.2, 4)]
    public void A_batch_makes_nobody_late_that_it_overtakes(double slack, int size)
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        Learn(world);
        world.Enqueue("x", 7);
        var first = world.Enqueue("a", 1, dueAfter: 2.5);
        var other = world.Enqueue("b", 2, batches: false, dueAfter: 3 + slack);
        for (var n = 0; n < 3; n++) world.Enqueue("c", 3 + n, dueAfter: 50);
        world.Play();
        Assert.Equal(size, world.Runs.First(run => run.Contains(first)).Length);
        Assert.True(other.IsInTime);
    }

    [Fact]
    public void A_job_that_is_withdrawn_while_it_waits_is_in_no_batch()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        var jobs = Enumerable.Range(0, 5).Select(n => world.Enqueue(connection: n)).ToArray();
        jobs[2].Stop();
        world.Play();
        Assert.Equal([1, 3], world.Sizes);
        Assert.IsType<OperationCanceledException>(jobs[2].Failure);
        Assert.All(jobs, static job => Assert.Equal(1, job.Endings));
    }

    [Fact]
    public void While_batches_rest_each_runs_alone()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        for (var n = 0; n < 8; n++) world.Enqueue(connection: n);
        world.Cut.Rest(world.Time.GetTimestamp() + (long)(1.5 * world.Time.TimestampFrequency), new InvalidOperationException());
        world.Play();
        Assert.Equal([1, 1, 6], world.Sizes);
    }

    [Fact]
    public void Machines_get_equal_parts_of_the_time_whether_theirs_run_together_or_not()
    {
        var world = new BatchWorld(places: 1, maxBatch: 8);
        var left = 400;
        world.OnEnded = job =>
        {
            if (left-- > 0) world.Enqueue(job.Terms.Machine, job.Terms.Connection, job.Batches is not null);
        };
        for (var n = 0; n < 8; n++) world.Enqueue("together", n);
        for (var n = 8; n < 12; n++) world.Enqueue("alone", n, batches: false);
        world.Play();
        var seconds = world.Runs.GroupBy(static run => run[0].Terms.Machine).ToDictionary(static runs => runs.Key, static runs => runs.Sum(static run => (run[0].EndedAt - run[0].StartedAt) * 1e-7));
        Assert.InRange(seconds["alone"] / seconds["together"], 0.8, 1.25);
        Assert.True(world.Sizes.Max() >= 4);
    }

    [Fact]
    public void Shares_of_runs_count_as_what_they_are_in_waits_and_limits()
    {
        var world = new BatchWorld(places: 1, maxBatch: 16);
        world.Enqueue();
        for (var n = 0; n < 10; n++) world.Enqueue(connection: n);
        world.Step();
        world.Step();
        for (var n = 0; n < 14; n++) world.Enqueue(connection: n);
        world.Step();
        for (var n = 0; n < 14; n++) world.Enqueue(connection: n);
        // 14 wait, each for a share of 0.16 s rather than for 1 s.
        Assert.InRange(world.Scheduler.LoadFor("b", 99).WaitSeconds, 0.1, 8);
        Assert.Equal(14, world.Scheduler.LoadFor("b", 99).Queued);
        world.Play();
    }

    [Fact]
    public void Whatever_comes_each_job_ends_once_and_no_deadline_is_missed_that_would_have_been_kept_alone() =>
        Check(seed: 7, count: 150, static random =>
        {
            var jobs = Enumerable.Range(0, random.Next(1, 15)).Select(_ => (Machine: $"{random.Next(3)}", Connection: (long)random.Next(4), Batches: random.Next(4) > 0,
                Due: random.Next(3) == 0 ? double.PositiveInfinity : 1.0 + (random.NextDouble() * 14))).ToArray();
            var (alone, together) = (Kept(maxBatch: 1), Kept(maxBatch: 8));
            for (var i = 0; i < jobs.Length; i++) Assert.True(together[i] || !alone[i], $"job {i} of {string.Join(", ", jobs)}");

            bool[] Kept(int maxBatch)
            {
                var world = new BatchWorld(places: 1, maxBatch);
                Learn(world);
                world.Enqueue("first", 99, batches: false);
                PlayedJob[] played = [.. jobs.Select(job => world.Enqueue(job.Machine, job.Connection, job.Batches, job.Due))];
                world.Play();
                Assert.All(played, static job => Assert.Equal(1, job.Endings));
                Assert.All(world.Runs, static run => Assert.True(run.Length == 1 || run.All(job => job.Terms.BatchKey == run[0].Terms.BatchKey && job.Terms.BatchKey != 0)));
                return [.. played.Select(static job => job.IsInTime)];
            }
        });

    [Fact]
    public void Whatever_comes_at_whatever_time_each_job_ends_once_with_places_kept() =>
        Check(seed: 11, count: 60, static random =>
        {
            var places = random.Next(1, 4);
            var world = new BatchWorld(places, maxBatch: random.Next(1, 10), within: TimeSpan.FromSeconds(random.Next(2) * 0.3));
            var jobs = new List<PlayedJob>();
            for (var i = 0; i < 60; i++)
            {
                if (random.Next(3) == 0) world.Step();
                jobs.Add(world.Enqueue($"{random.Next(3)}", random.Next(4), random.Next(4) > 0, random.Next(2) == 0 ? double.PositiveInfinity : random.NextDouble() * 20));
                if (random.Next(8) == 0) jobs[random.Next(jobs.Count)].Stop();
                Assert.InRange(world.Scheduler.LoadFor("", 0).Running, 0, places);
            }

            world.Play();
            world.Pass(1);
            world.Play();
            Assert.All(jobs, static job => Assert.Equal(1, job.Endings));
            Assert.Equal((0, 0), (world.Scheduler.LoadFor("", 0).Running, world.Scheduler.LoadFor("", 0).Queued));
            Assert.Equal(world.Sizes.Sum(), world.Runs.SelectMany(static run => run).Distinct().Count());
        });

    [Fact]
    public void A_free_place_waits_for_others_as_long_as_was_asked_for()
    {
        var world = new BatchWorld(places: 1, maxBatch: 4, within: TimeSpan.FromSeconds(0.5));
        world.Enqueue(connection: 1);
        world.Pass(0.3);
        world.Enqueue(connection: 2);
        Assert.Empty(world.Runs);
        world.Pass(0.2);
        Assert.Equal([2], world.Sizes);
        world.Play();

        // Enough have come.
        for (var n = 0; n < 4; n++) world.Enqueue(connection: n);
        Assert.Equal([2, 4], world.Sizes);
        world.Play();

        // What has no companions takes the place, and what is due soon does not wait.
        world.Enqueue(connection: 1);
        world.Enqueue(connection: 2, batches: false);
        Assert.Equal([2, 4, 1], world.Sizes);
        world.Step();
        world.Pass(0.5);
        Assert.Equal([2, 4, 1, 1], world.Sizes);
        world.Play();
        world.Enqueue(connection: 3, dueAfter: 1.5);
        Assert.Equal([2, 4, 1, 1, 1], world.Sizes);
        world.Play();
    }

    /// <summary>Lets the scheduler see what runs take.</summary>
    private static void Learn(BatchWorld world)
    {
        world.Enqueue();
        world.Play();
        world.Enqueue(batches: false);
        world.Play();
    }

    private static void Check(ulong seed, int count, Action<Random> property) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), caseSeed => property(new Random(caseSeed))));
}
