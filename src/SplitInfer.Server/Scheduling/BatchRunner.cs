using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using SplitInfer.Batching;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs jobs together, as the rows of one batch. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="maxRunTime">How long a batch may run.</param>
internal sealed class BatchRunner(TimeProvider time, TimeSpan maxRunTime)
{
    // A batch that fails has cost others its time for nothing. After it they run alone for so many times as long.
    private const int RestsFor = 32;

    private readonly ConcurrentQueue<Batch> _idle = [];

    /// <summary>Runs jobs of one <see cref="TailJobTerms.BatchKey"/>. One that was stopped leaves the others as they are.</summary>
    /// <param name="jobs">The jobs.</param>
    /// <returns>Whether each has its outputs or its <see cref="TailJob.Failure"/>. If not, none has either, and each is to run alone.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Which job it is the fault of shows when each runs alone.")]
    public async ValueTask<bool> TryRunAsync(ReadOnlyMemory<TailJob> jobs)
    {
        if (jobs.Span[0].Batches is not { } cut || !cut.TryRent(out var lease)) return false;
        if (!_idle.TryDequeue(out var batch)) batch = new(time);
        try
        {
            var began = time.GetTimestamp();
            try
            {
                if (batch.Gather(jobs.Span, began) < 2) return false;
                await batch.RunAsync(lease.Runner, maxRunTime).ConfigureAwait(false);
                batch.GiveOut(time.GetTimestamp());
            }
            catch (OperationCanceledException) when (batch.IsAbandoned)
            {
                batch.Abandon(time.GetTimestamp());
            }
            catch (Exception error)
            {
                var now = time.GetTimestamp();
                cut.Rest(now + (RestsFor * (now - began)), error);
                return false;
            }

            foreach (var job in jobs.Span)
                if (!batch.Has(job)) (job.StartedAt, job.EndedAt, job.Failure) = (began, began, new OperationCanceledException());
            return true;
        }
        finally
        {
            batch.Clear();
            _idle.Enqueue(batch);
            lease.Dispose();
        }
    }

    /// <summary>One batch, used again for the next. Not thread-safe, but for its being stopped.</summary>
    [SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The source is never linked, and its timer is off between batches.")]
    private sealed class Batch(TimeProvider time)
    {
        private readonly List<TailJob> _jobs = [];
        private readonly List<CancellationTokenRegistration> _watches = [];
        private TensorValue[] _inputs = [], _outputs = [];
        private CancellationTokenSource _stop = new(Timeout.InfiniteTimeSpan, time);
        private int _wanted;
        private long _began;

        /// <summary>Whether nobody wants its outputs any more.</summary>
        public bool IsAbandoned => Volatile.Read(ref _wanted) == 0;

        /// <summary>Whether a job is among its rows.</summary>
        public bool Has(TailJob job) => _jobs.Contains(job);

        /// <summary>Copies the inputs of all jobs that are still wanted.</summary>
        /// <returns>How many these are; nothing is copied where they are fewer than two.</returns>
        public int Gather(ReadOnlySpan<TailJob> jobs, long now)
        {
            foreach (var job in jobs)
                if (!job.StopToken.IsCancellationRequested && now < job.Terms.DueAt) _jobs.Add(job);
            if (_jobs.Count < 2) return _jobs.Count;
            (_began, _wanted) = (now, _jobs.Count);
            var like = _jobs[0].Boundary.Span;
            if (_inputs.Length != like.Length) _inputs = new TensorValue[like.Length];
            for (var i = 0; i < like.Length; i++)
            {
                _inputs[i] = BatchRows.Allocate(like[i], _jobs.Count);
                for (var place = 0; place < _jobs.Count; place++) BatchRows.Put(_jobs[place].Boundary.Span[i], _inputs[i], place);
            }

            return _jobs.Count;
        }

        public async ValueTask RunAsync(ISegmentRunner runner, TimeSpan maxRunTime)
        {
            if (_outputs.Length != runner.Outputs.Count) _outputs = new TensorValue[runner.Outputs.Count];
            _stop.CancelAfter(maxRunTime);
            foreach (var job in _jobs) _watches.Add(job.StopToken.UnsafeRegister(static batch => ((Batch)batch!).Withdraw(), this));
            try
            {
                await runner.RunAsync(_inputs, _outputs, _stop.Token).ConfigureAwait(false);
            }
            finally
            {
                // Waits for callbacks that are under way, so that they cannot meet the next batch.
                foreach (var watch in _watches) watch.Dispose();
                if (!_stop.TryReset())
                {
                    _stop.Dispose();
                    _stop = new(Timeout.InfiniteTimeSpan, time);
                }
            }
        }

        /// <summary>Gives every job its rows.</summary>
        /// <exception cref="BatchRefusedException">There is not one for each; no job has any.</exception>
        public void GiveOut(long now)
        {
            foreach (var output in _outputs)
                if (!BatchRows.HasRows(output, _jobs.Count)) throw new BatchRefusedException($"an output of {_jobs.Count} requests is {output}");
            for (var place = 0; place < _jobs.Count; place++)
            {
                var job = _jobs[place];
                if (job.StopToken.IsCancellationRequested) job.Failure = new OperationCanceledException();
                else for (var i = 0; i < _outputs.Length; i++) job.Outputs.Span[i] = BatchRows.Take(_outputs[i], place, _jobs.Count)!;
                (job.StartedAt, job.EndedAt, job.Together) = (_began, now, _jobs.Count);
            }
        }

        /// <summary>Every job was stopped.</summary>
        public void Abandon(long now)
        {
            foreach (var job in _jobs) (job.StartedAt, job.EndedAt, job.Together, job.Failure) = (_began, now, _jobs.Count, new OperationCanceledException());
        }

        public void Clear()
        {
            _jobs.Clear();
            _watches.Clear();
            Release(_inputs);
            Release(_outputs);
        }

        private void Withdraw()
        {
            if (Interlocked.Decrement(ref _wanted) == 0) _stop.Cancel();
        }

        private static void Release(TensorValue?[] tensors)
        {
            foreach (ref var tensor in tensors.AsSpan())
            {
                tensor?.Dispose();
                tensor = null;
            }
        }
    }
}
