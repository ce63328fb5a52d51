using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What the queue says of itself, beside what it then does.</summary>
public sealed class FairQueueTests
{
    [Fact]
    public void What_is_said_to_run_before_a_job_is_what_then_runs_before_it()
    {
        for (var seed = 10_000; seed < 10_300; seed++) Play(new(seed));
    }

    private static void Play(Random random)
    {
        var queue = new FairQueue();
        var ahead = random.Next(3) * 0.1;
        for (var step = random.Next(60); step > 0; step--)
        {
            if (random.Next(3) > 0) queue.Add(Any());
            else if (queue.TryTake(static _ => true, ahead, out var taken)) queue.Settle(taken, random.NextDouble() * 0.1);
        }

        var comes = Any();
        var (count, enough, terms) = (queue.Count, random.NextDouble(), comes.Terms with { LeastSeconds = comes.Terms.ExpectedSeconds });
        var (said, bounded) = (queue.SecondsBefore(terms, ahead), queue.SecondsBefore(terms, ahead, enough));
        Assert.Equal(count, queue.Count);
        if (said > enough) Assert.InRange(bounded, Math.BitIncrement(enough), said);
        else Assert.Equal(said, bounded);
        queue.Add(comes);
        var seconds = 0.0;
        while (queue.TryTake(static _ => true, ahead, out var job) && job != comes) seconds += job.Terms.ExpectedSeconds;
        Assert.Equal(seconds, said, 1e-9);

        TestJob Any()
        {
            // Some are due at the same time, as with equal deadlines.
            var job = new TestJob(random.Next(4), random.Next(8), $"{random.Next(4)}");
            job.Expect(0.001 + (0.1 * random.NextDouble()));
            return job;
        }
    }
}
