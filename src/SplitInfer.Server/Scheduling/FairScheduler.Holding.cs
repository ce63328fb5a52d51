using SplitInfer.Server.Batching;

namespace SplitInfer.Server.Scheduling;

/// <content>Places that are left free for a moment, so that jobs run together that come one shortly after the other. Only where that was asked for.</content>
internal sealed partial class FairScheduler
{
    private Func<TailJob, bool>? _isOfHeldKey;
    private ITimer? _holding;
    private long _heldKey, _heldUntil = long.MaxValue;

    /// <summary>Whether a job leaves a free place to others for now: until enough of its key have come, or it has waited for long enough.</summary>
    private bool IsHeld(TailJob job)
    {
        if (batchWithin == TimeSpan.Zero || job.Terms.BatchKey == 0 || job.Batches is not { Curve: { } curve } cut) return false;
        var now = time.GetTimestamp();
        if (!cut.IsOpen(now) || now >= HeldUntil(job, curve)) return false;
        var most = curve.Most(Math.Min(maxBatch, cut.MaxCount));
        if (most < 2) return false;
        _heldKey = job.Terms.BatchKey;
        return _queue.CountOf(_isOfHeldKey ??= other => other.Terms.BatchKey == _heldKey) + (job.Node.List is null ? 1 : 0) < most;
    }

    /// <summary>Until when a job is held at most: for as long as was asked for, and no longer than leaves time for twice what the largest batch takes.</summary>
    private long HeldUntil(TailJob job, BatchCurve curve)
    {
        var until = (job.QueuedAt == 0 ? time.GetTimestamp() : job.QueuedAt) + (long)(batchWithin.TotalSeconds * time.TimestampFrequency);
        return job.Terms.DueAt == long.MaxValue ? until : Math.Min(until, job.Terms.DueAt - (long)(2 * curve.Seconds(maxBatch) * time.TimestampFrequency));
    }

    /// <summary>Has a job run in time that is held, if nothing else has it run before.</summary>
    private void WatchHeld(TailJob job)
    {
        if (!IsHeld(job) || HeldUntil(job, job.Batches!.Curve!) is var until && until >= _heldUntil) return;
        _heldUntil = until;
        _holding ??= time.CreateTimer(static scheduler => ((FairScheduler)scheduler!).BeginHeld(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _holding.Change(time.GetElapsedTime(time.GetTimestamp(), until), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins what was held for long enough, as far as places are free. Where none is, the next that becomes free takes it.</summary>
    private void BeginHeld()
    {
        while (true)
        {
            ReadOnlyMemory<TailJob> jobs;
            lock (_gate)
            {
                jobs = Running < places ? TakeNext() : default;
                if (jobs.IsEmpty)
                {
                    _heldUntil = long.MaxValue;
                    _queue.ForEach(WatchHeld);
                    return;
                }
            }

            StartQueued(jobs);
        }
    }
}
