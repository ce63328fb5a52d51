using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Server.Scheduling;
using SplitInfer.Testing.Execution;

namespace SplitInfer.Server.Tests.Scheduling;

public class TailRunnerTests
{
    private static readonly TimeSpan MaxRunTime = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private int _runs;

    [Fact]
    public async Task A_run_is_timed()
    {
        var job = Job(advance: TimeSpan.FromMilliseconds(7));
        await Runner().RunAsync(job.Alone);
        Assert.Null(job.Failure);
        Assert.Equal(TimeSpan.FromMilliseconds(7), _time.GetElapsedTime(job.StartedAt, job.EndedAt));
    }

    [Fact]
    public async Task What_a_run_throws_becomes_the_jobs_failure_and_the_next_runs()
    {
        var error = new InvalidOperationException("The runner was told to fail.");
        TailJob[] jobs = [Job(error: error), Job()];
        await Runner().RunAsync(jobs);
        Assert.Equal([error, null], jobs.Select(static j => j.Failure));
        Assert.Equal(2, _runs);
    }

    [Fact]
    public async Task A_job_that_is_stopped_or_late_by_the_clock_is_not_run()
    {
        var late = Job(dueAt: _time.GetTimestamp());
        var stopped = Job(stop: new CancellationToken(canceled: true));
        await Runner().RunAsync(new[] { late, stopped });
        Assert.All([late, stopped], static job => Assert.IsType<OperationCanceledException>(job.Failure));
        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task A_run_that_takes_too_long_is_stopped_and_the_next_has_its_whole_time()
    {
        var runner = Runner();
        var endless = new TestJob().With(new(new ScriptedRunner((_, _, stop) =>
        {
            _time.Advance(MaxRunTime);
            stop.ThrowIfCancellationRequested();
            return ValueTask.CompletedTask;
        })));

        await runner.RunAsync(endless.Alone);

        var refusal = Assert.IsType<TailRefusedException>(endless.Failure);
        Assert.Equal(RefusalCode.LimitExceeded, refusal.Code);
        Assert.Contains("MaxRunTime", refusal.Message, StringComparison.Ordinal);
        foreach (var _ in new int[3])
        {
            var next = Job(advance: MaxRunTime - TimeSpan.FromTicks(1));
            await runner.RunAsync(next.Alone);
            Assert.Null(next.Failure);
        }
    }

    [Fact]
    public async Task A_run_that_its_client_stops_is_not_one_that_takes_too_long()
    {
        using var stop = new CancellationTokenSource();
        var job = new TestJob(stopToken: stop.Token).With(new(new ScriptedRunner((_, _, token) =>
        {
            stop.Cancel();
            token.ThrowIfCancellationRequested();
            return ValueTask.CompletedTask;
        })));

        await Runner().RunAsync(job.Alone);

        Assert.IsType<OperationCanceledException>(job.Failure);
    }

    private TailRunner Runner() => new(_time, MaxRunTime);

    private TestJob Job(TimeSpan advance = default, Exception? error = null, long dueAt = long.MaxValue, CancellationToken stop = default) =>
        new TestJob(dueAt: dueAt, stopToken: stop).With(new(new ScriptedRunner((_, _, _) =>
        {
            _runs++;
            _time.Advance(advance);
            return error is null ? ValueTask.CompletedTask : ValueTask.FromException(error);
        })));
}
