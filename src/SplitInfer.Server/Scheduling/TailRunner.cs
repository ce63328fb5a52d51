using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs jobs, several together where they may, none for longer than it may. Those of a batch that fails run alone once, so that what one of them sends fails no other.</summary>
/// <param name="time">The clock.</param>
/// <param name="maxRunTime">How long one may run.</param>
/// <param name="health">Told of runs that succeeded; null for nobody.</param>
internal sealed class TailRunner(TimeProvider time, TimeSpan maxRunTime, RunHealth? health = null) : ITailRunner
{
    // A source and its timer serve one run after the other, so that a steady stream of runs allocates neither.
    private readonly ConcurrentQueue<CancellationTokenSource> _idle = [];
    private readonly BatchRunner _batches = new(time, maxRunTime);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        var ranTogether = sameKey.Length > 1 && await _batches.TryRunAsync(sameKey).ConfigureAwait(false);
        for (var i = 0; !ranTogether && i < sameKey.Length; i++)
        {
            var job = sameKey.Span[i];
            job.StartedAt = time.GetTimestamp();
            try
            {
                // The clock is asked as well, since timers are late when there is much to do.
                if (job.StopToken.IsCancellationRequested || job.StartedAt >= job.Terms.DueAt) throw new OperationCanceledException();
                await RunAsync(job).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                job.Failure = exception;
            }

            job.EndedAt = time.GetTimestamp();
        }

        for (var i = 0; i < sameKey.Length; i++)
        {
            var job = sameKey.Span[i];
            job.Waiting = null;
            if (job.Failure is null) health?.Succeeded(job.Terms.Model, job.EndedAt);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(TailJob job)
    {
        if (!_idle.TryDequeue(out var stop)) stop = new(Timeout.InfiniteTimeSpan, time);
        stop.CancelAfter(maxRunTime);
        var registration = job.StopToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), stop);
        try
        {
            if (job.Exits is { } exits) await ExitRunner.RunAsync(job, exits, time, stop.Token).ConfigureAwait(false);
            else await job.Tail.Runner.RunAsync(job.Boundary, job.Outputs, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!job.StopToken.IsCancellationRequested && stop.IsCancellationRequested)
        {
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"The tail ran for more than the {maxRunTime.TotalSeconds:0.###} s that the server allows. Choose another partition, or raise ServerLimits.MaxRunTime there.");
        }
        finally
        {
            // Waits for a callback that is under way, so that it cannot meet the next run.
            registration.Dispose();
            if (stop.TryReset()) _idle.Enqueue(stop);
            else stop.Dispose();
        }
    }
}
