using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using SplitInfer.Server.Batching;

namespace SplitInfer.Server.Scheduling;

/// <content>
/// Batches. A job that has a place takes others of its key with it, in the order in which they would be taken, while each more lowers what a job takes (<see cref="BatchCurve"/>) and nobody is late for it:
/// no job of the batch by what the batch takes, and none that waits and is overtaken.
/// </content>
internal sealed partial class FairScheduler
{
    private readonly Stack<TailJob[]> _spare = [];
    private Func<TailJob, bool>? _mayRunBeside, _isCompanion, _isOfKey;
    private Func<TailJob, double>? _aloneSeconds;
    private (long Key, long EndsAt) _batch;

    /// <summary>Takes jobs out of the queue to run together with one that takes a place.</summary>
    /// <returns>All of them, that one first.</returns>
    private ReadOnlyMemory<TailJob> Gather(TailJob first)
    {
        if (first.Terms.BatchKey == 0 || _queue.Count == 0) return first.Alone;
        var now = time.GetTimestamp();
        if (first.Batches is not { Curve: { } curve } cut || !cut.IsOpen(now)) return first.Alone;
        _batch = (first.Terms.BatchKey, now);
        _isOfKey ??= job => job.Terms.BatchKey == _batch.Key;
        _isCompanion ??= job => job.Terms.BatchKey == _batch.Key && job.Terms.DueAt >= _batch.EndsAt;
        var limit = Math.Min(Math.Min(maxBatch, cut.MaxCount), _queue.Count + 1);
        var (least, most) = (curve.Least(limit), curve.Most(limit));
        if (least == 0 || (least > 2 && _queue.CountOf(_isOfKey) + 1 < least)) return first.Alone;
        TailJob[]? jobs = null;
        var (count, dueAt, inTurn) = (1, first.Terms.DueAt, true);
        for (; count < most; count++)
        {
            var seconds = curve.Seconds(count + 1);
            _batch.EndsAt = now + (long)(seconds * time.TimestampFrequency);
            if (_batch.EndsAt > dueAt || !MayTakeLastPlace(first, seconds) || !TryTakeCompanion(now, seconds, ref inTurn, out var job)) break;
            jobs ??= _spare.TryPop(out var spare) ? spare : new TailJob[maxBatch];
            jobs[0] = first;
            jobs[count] = job;
            dueAt = Math.Min(dueAt, job.Terms.DueAt);
        }

        return jobs is null ? first.Alone : jobs.AsMemory(0, count);
    }

    /// <summary>The next job of the queue, if it can come along. Where another one is before it, that one must not be late for it.</summary>
    private bool TryTakeCompanion(long now, double seconds, ref bool inTurn, [NotNullWhen(true)] out TailJob? job)
    {
        job = null;
        var (mayRun, ahead) = (_mayRunBeside ??= waiting => MayRunBeside(waiting, Running), RunsAhead * _times.Mean);
        if (inTurn) inTurn = _queue.Next(mayRun, mayRun, ahead) is { } next && _isCompanion!(next);
        if (!inTurn)
        {
            if (_queue.Next(mayRun, _isCompanion!, ahead) is not { } candidate) return false;
            _aloneSeconds ??= waiting => Math.Max(Expect(waiting.Terms), waiting.Terms.ExpectedSeconds);
            if (_queue.MayMissDeadline(candidate, Seconds(now), Seconds(now) + seconds, _aloneSeconds, _seconds ??= Seconds)) return false;
        }

        return _queue.TryTake(mayRun, _isCompanion!, ahead, out job);
    }

    private bool MayTakeLastPlace(TailJob first, double seconds) => places == 1 || Running < places - 1 || _lastPlace.MayTake(first.Terms.Machine, seconds);

    /// <summary>Corrects what runs of a batch's size are thought to take.</summary>
    private void Learn(ReadOnlySpan<TailJob> jobs)
    {
        foreach (var job in jobs)
        {
            if (job.Failure is not null || job.Terms.BatchKey == 0 || job.Batches?.Curve is not { } curve) continue;
            curve.Observe(job.Together, time.GetElapsedTime(job.StartedAt, job.EndedAt).TotalSeconds);
            // The others have run with it.
            if (job.Together > 1) return;
        }
    }

    private void GiveBack(ReadOnlyMemory<TailJob> jobs)
    {
        if (jobs.Length < 2 || !MemoryMarshal.TryGetArray(jobs, out var array)) return;
        Array.Clear(array.Array!);
        lock (_gate) _spare.Push(array.Array!);
    }
}
