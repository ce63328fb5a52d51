using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs tails in arrival order, a limited number at a time. Rejects new work when the queue is full.</summary>
/// <param name="runner">Runs them.</param>
/// <param name="places">Tails that run at a time.</param>
/// <param name="maxQueued">Tails that wait, at most.</param>
/// <param name="time">The clock.</param>
internal sealed class FifoScheduler(ITailRunner runner, int places, int maxQueued, TimeProvider time) : ITailScheduler
{
    // The share of the last run in the mean of all: some twenty runs count.
    private const double LastRunShare = 0.1;

    private readonly Lock _gate = new();
    private readonly LinkedList<TailJob> _queue = [];
    private int _running;
    private double _meanSeconds;

    /// <inheritdoc/>
    public ServerLoad Load
    {
        get
        {
            lock (_gate) return new(_running, _queue.Count, places, _running < places ? 0 : (_queue.Count + 1) * _meanSeconds / places);
        }
    }

    /// <inheritdoc/>
    public Refusal? Offer(in TailJobTerms terms)
    {
        lock (_gate) return _running >= places && _queue.Count >= maxQueued ? Refusal.Busy : null;
    }

    /// <inheritdoc/>
    public void Enqueue(TailJob job)
    {
        bool runs;
        lock (_gate) runs = TryTakePlace();
        if (!runs)
        {
            // Before the job can be found in the queue, since whoever takes it from there ends the watch.
            job.WatchStop(this);
            lock (_gate)
            {
                runs = TryTakePlace();
                if (!runs)
                {
                    job.Failure = ReasonNotToWait(job);
                    if (job.Failure is null)
                    {
                        _queue.AddLast(job.Node);
                        return;
                    }
                }
            }

            job.UnwatchStop();
        }

        if (runs) _ = RunAsync(job);
        else job.OnEnded();
    }

    /// <inheritdoc/>
    public void Withdraw(TailJob job)
    {
        lock (_gate)
        {
            if (job.Node.List is null) return;
            _queue.Remove(job.Node);
        }

        job.UnwatchStop();
        job.Failure = new OperationCanceledException();
        job.OnEnded();
    }

    private bool TryTakePlace()
    {
        if (_running == places) return false;
        _running++;
        return true;
    }

    private Exception? ReasonNotToWait(TailJob job) =>
        job.StopToken.IsCancellationRequested ? new OperationCanceledException()
        : _queue.Count >= maxQueued ? new TailRefusedException(Refusal.Busy.Code, Refusal.Busy.Message)
        : null;

    private async Task RunAsync(TailJob job)
    {
        await runner.RunAsync(job.Alone).ConfigureAwait(false);
        TailJob? next;
        lock (_gate)
        {
            _meanSeconds += LastRunShare * (time.GetElapsedTime(job.StartedAt, job.EndedAt).TotalSeconds - _meanSeconds);
            next = _queue.First?.Value;
            // The place passes to the next job, so that none that comes now is before it.
            if (next is null) _running--;
            else _queue.Remove(next.Node);
        }

        // The next one does not wait for the reply to this one, nor this one for the run of the next.
        if (next is not null) ThreadPool.UnsafeQueueUserWorkItem(static start => start.Scheduler.StartQueued(start.Job), (Scheduler: this, Job: next), preferLocal: false);
        job.OnEnded();
    }

    private void StartQueued(TailJob job)
    {
        job.UnwatchStop();
        _ = RunAsync(job);
    }
}
