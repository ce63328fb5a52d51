using System.Runtime.CompilerServices;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs jobs one after the other.</summary>
internal sealed class TailRunner(TimeProvider time) : ITailRunner
{
    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        for (var i = 0; i < sameKey.Length; i++)
        {
            var job = sameKey.Span[i];
            job.StartedAt = time.GetTimestamp();
            try
            {
                // The clock is asked as well, since timers are late when there is much to do.
                if (job.StopToken.IsCancellationRequested || job.StartedAt >= job.Terms.DueAt) throw new OperationCanceledException();
                await job.Tail.Runner.RunAsync(job.Boundary, job.Outputs, job.StopToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                job.Failure = exception;
            }

            job.EndedAt = time.GetTimestamp();
        }
    }
}
