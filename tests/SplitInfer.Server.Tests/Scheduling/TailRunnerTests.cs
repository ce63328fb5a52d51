using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Scheduling;
using SplitInfer.Testing.Execution;

namespace SplitInfer.Server.Tests.Scheduling;

public class TailRunnerTests
{
    private readonly FakeTimeProvider _time = new();
    private int _runs;

    [Fact]
    public async Task A_run_is_timed()
    {
        var job = Job(advance: TimeSpan.FromMilliseconds(7));
        await new TailRunner(_time).RunAsync(job.Alone);
        Assert.Null(job.Failure);
        Assert.Equal(TimeSpan.FromMilliseconds(7), _time.GetElapsedTime(job.StartedAt, job.EndedAt));
    }

    [Fact]
    public async Task What_a_run_throws_becomes_the_jobs_failure_and_the_next_runs()
    {
        var error = new InvalidOperationException("The runner was told to fail.");
        TailJob[] jobs = [Job(error: error), Job()];
        await new TailRunner(_time).RunAsync(jobs);
        Assert.Equal([error, null], jobs.Select(static j => j.Failure));
        Assert.Equal(2, _runs);
    }

    [Fact]
    public async Task A_job_that_is_stopped_or_late_by_the_clock_is_not_run()
    {
        var late = Job(dueAt: _time.GetTimestamp());
        var stopped = Job(stop: new CancellationToken(canceled: true));
        await new TailRunner(_time).RunAsync(new[] { late, stopped });
        Assert.All([late, stopped], static job => Assert.IsType<OperationCanceledException>(job.Failure));
        Assert.Equal(0, _runs);
    }

    private TestJob Job(TimeSpan advance = default, Exception? error = null, long dueAt = long.MaxValue, CancellationToken stop = default) =>
        new TestJob(dueAt: dueAt, stopToken: stop).With(new(new ScriptedRunner((_, _, _) =>
        {
            _runs++;
            _time.Advance(advance);
            return error is null ? ValueTask.CompletedTask : ValueTask.FromException(error);
        })));
}
