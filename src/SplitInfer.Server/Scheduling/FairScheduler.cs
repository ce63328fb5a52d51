using SplitInfer.Policies.Quality;
using SplitInfer.Policies.Sharing;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Runs tails a limited number at a time; those that wait take turns by machine and connection (<see cref="FairQueue"/>). As many wait as keep the time
/// in the queue within bounds (<see cref="QueueLimit"/>); the others are refused by their headers, and told when to come back. Where the queue is full,
/// the machine or connection that has most waiting gives up its last job for one that has much less. A job whose deadline cannot be met is refused too.
/// Runs that may be much longer than those of others leave them one place (<see cref="LastPlace"/>).
/// </summary>
/// <param name="runner">Runs them.</param>
/// <param name="places">Tails that run at a time.</param>
/// <param name="maxQueued">Tails that wait, at most.</param>
/// <param name="time">The clock.</param>
/// <param name="maxBatch">The most jobs of one <see cref="TailJobTerms.BatchKey"/> that run together.</param>
/// <param name="batchWithin">For how long a job leaves a free place alone so that others of its key may come.</param>
internal sealed partial class FairScheduler(ITailRunner runner, int places, int maxQueued, TimeProvider time, int maxBatch = 1, TimeSpan batchWithin = default) : ITailScheduler, IWaitingJobs
{
    // By so many mean runs may a job that is due sooner be ahead of its turn: about as many as wait.
    private const double RunsAhead = 16;

    // So many times more jobs may wait than of others, however much time they have.
    private const double LeastCountedByDeadline = 1.0 / 16;

    [ThreadStatic]
    private static bool _isStarting;

    private readonly Lock _gate = new();
    private readonly FairQueue _queue = new();
    private readonly QueueLimit _limit = new(places, maxQueued);
    private readonly Arrivals _arrivals = new();
    private readonly RunTimes _times = new(time);
    private readonly LastPlace _lastPlace = new(time);
    private readonly ServerLoadPrice _price = new(places, time);
    private readonly List<TailJob> _active = new(Math.Min(places, 1024));
    private Func<TailJob, bool>? _mayRunNext;
    private Func<long, double>? _seconds;

    private int Running => _active.Count;

    /// <inheritdoc/>
    public ServerLoad LoadFor(string machine, long connection)
    {
        lock (_gate) return new(Running, _queue.Count, places, WaitSeconds(machine, connection, dueAt: long.MaxValue), _price.PriceFor(machine));
    }

    /// <inheritdoc/>
    public Refusal? Offer(in TailJobTerms terms, out long arrival)
    {
        arrival = 0;
        lock (_gate)
        {
            var (now, run) = (time.GetTimestamp(), Expect(terms));
            _arrivals.Expire(now);
            var counted = Count(terms, ExpectShare(terms));
            if (!MayArrive(terms, counted)) return BusyFor(terms);
            if (terms.DueAt < long.MaxValue)
            {
                var left = time.GetElapsedTime(now, terms.DueAt).TotalSeconds;
                var wait = terms.LeastSeconds > 0 ? WaitSecondsOf(terms, left) : WaitSeconds(terms.Machine, terms.Connection, terms.DueAt);
                if (wait + run > left)
                {
                    if (terms.LeastSeconds > 0) return Refusal.LateFor(wait);
                    if (wait <= left) _times.DoubtExpectation(terms);
                    return Refusal.Late;
                }
            }

            arrival = _arrivals.Add(terms, counted, now + (long)(_limit.Target(_times.Mean) * time.TimestampFrequency));
            return null;
        }
    }

    /// <inheritdoc/>
    public void Forget(TailJob job)
    {
        lock (_gate) ForgetLocked(job);
    }

    /// <inheritdoc/>
    public void Enqueue(TailJob job)
    {
        bool runs;
        TailJob? displaced = null;
        var jobs = job.Alone;
        (job.QueuedAt, job.Turn, job.Together) = (0, null, 1);
        lock (_gate)
        {
            ForgetLocked(job);
            runs = TryTakePlace(job, ref jobs);
        }

        if (!runs)
        {
            // While nobody else can end it, since what it sends is copied.
            job.Batches?.NoteWait(job.Boundary.Span);
            // Before the job can be found in the queue, since whoever takes it from there ends the watch.
            job.WatchStop(this);
            lock (_gate)
            {
                runs = TryTakePlace(job, ref jobs);
                if (!runs)
                {
                    var run = ExpectShare(job.Terms);
                    job.CountedRuns = Count(job.Terms, run);
                    job.Failure = ReasonNotToWait(job, out displaced);
                    if (job.Failure is null)
                    {
                        if (displaced is not null) _queue.Remove(displaced);
                        job.Expect(run > 0 ? run : _times.Mean);
                        job.QueuedAt = time.GetTimestamp();
                        _queue.Add(job);
                        WatchHeld(job);
                    }
                }
            }

            if (!runs && job.Failure is null)
            {
                if (displaced is not null) EndWaiting(displaced, Refusal.BusyFor(_times.Mean).ToException());
                return;
            }

            job.UnwatchStop();
        }

        if (!runs)
        {
            job.OnEnded();
            return;
        }

        // Those that come along have waited.
        for (var i = 1; i < jobs.Length; i++) jobs.Span[i].UnwatchStop();
        _ = RunAsync(jobs);
    }

    /// <inheritdoc/>
    public void Withdraw(TailJob job)
    {
        lock (_gate)
        {
            if (job.Node.List is null) return;
            _queue.Remove(job);
        }

        EndWaiting(job, new OperationCanceledException());
    }

    /// <inheritdoc/>
    public (int Next, int Others) Look(TailJob running, Span<WaitingRequest> next, Span<double> othersFreeAt)
    {
        lock (_gate)
        {
            var others = 0;
            foreach (var job in _active)
                if (job != running && others < othersFreeAt.Length) othersFreeAt[others++] = job.FreeAt;
            var free = Math.Min(places - _active.Count, othersFreeAt.Length - others);
            othersFreeAt.Slice(others, Math.Max(0, free)).Fill(Seconds(time.GetTimestamp()));
            return (_queue.DueFirst(next, _seconds ??= Seconds), others + Math.Max(0, free));
        }
    }

    /// <summary>Ends a job that was just taken from the queue.</summary>
    private static void EndWaiting(TailJob job, Exception reason)
    {
        job.UnwatchStop();
        job.Failure = reason;
        job.OnEnded();
    }

    private void ForgetLocked(TailJob job)
    {
        if (job.Arrival == 0) return;
        _arrivals.Remove(job.Arrival);
        job.Arrival = 0;
    }

    /// <summary>Whether a job waits no longer than it may, whatever else waits: it has a deadline, and an exit may answer it.</summary>
    private static bool IsBoundByDeadline(in TailJobTerms terms) => terms is { LeastSeconds: > 0, DueAt: < long.MaxValue };

    private double Seconds(long timestamp) => timestamp == long.MaxValue ? double.PositiveInfinity : timestamp / (double)time.TimestampFrequency;

    /// <summary>What a job is expected to run, s; 0 where nothing tells. One that an exit may answer is stopped there where others would wait for it.</summary>
    private double Expect(in TailJobTerms terms) => terms.LeastSeconds > 0 ? terms.LeastSeconds : _times.Expect(terms);

    /// <summary>What a job is expected to take of a place, s: less than it runs where several run together; 0 where nothing tells.</summary>
    private double ExpectShare(in TailJobTerms terms) => terms.LeastSeconds > 0 ? terms.LeastSeconds : _times.ExpectShare(terms);

    /// <summary>What a job counts, in mean runs. One that an exit may answer by a deadline counts by the share that it takes of the time until then.</summary>
    // Earliest deadline first keeps all deadlines while such shares come to no more than 1 a place, and mostly with twice as much; an offer is looked at by itself as well.
    private double Count(in TailJobTerms terms, double run)
    {
        var counted = Math.Max(_limit.LeastOfEach, QueueLimit.Count(run, _times.Mean));
        if (!IsBoundByDeadline(terms)) return counted;
        var left = time.GetElapsedTime(time.GetTimestamp(), terms.DueAt).TotalSeconds;
        return Math.Max(Math.Max(LeastCountedByDeadline, _limit.LeastOfEach), counted * Math.Min(1, _limit.Target(_times.Mean) / Math.Max(left, 1e-9)) / 2);
    }

    /// <summary>Takes a free place, if there is one for a job, and with it those that wait and may run together with it.</summary>
    private bool TryTakePlace(TailJob job, ref ReadOnlyMemory<TailJob> jobs)
    {
        if (Running == places || !MayRunBeside(job, Running) || IsHeld(job)) return false;
        jobs = Gather(job);
        Begin(jobs);
        return true;
    }

    /// <summary>Takes the job that is next in the queue to a place that is free, with those that may run together with it.</summary>
    /// <returns>The jobs; empty where none may run.</returns>
    private ReadOnlyMemory<TailJob> TakeNext()
    {
        if (!_queue.TryTake(_mayRunNext ??= waiting => MayRunBeside(waiting, Running) && !IsHeld(waiting), RunsAhead * _times.Mean, out var next)) return default;
        var jobs = Gather(next);
        Begin(jobs);
        return jobs;
    }

    private void Begin(ReadOnlyMemory<TailJob> jobs)
    {
        var job = jobs.Span[0];
        var run = jobs.Length > 1 ? job.Batches!.Curve!.Seconds(jobs.Length) : Expect(job.Terms);
        (job.Waiting, job.FreeAt) = (this, Seconds(time.GetTimestamp()) + (run > 0 ? run : _times.Mean));
        job.StopsAt = job.FreeAt;
        _active.Add(job);
    }

    // A run that an exit may end can go to the end of the model all the same.
    private bool MayRunBeside(TailJob job, int running) =>
        running < places - 1 || places == 1 || _lastPlace.MayTake(job.Terms.Machine, job.Exits?.Route.WholeSeconds ?? Expect(job.Terms));

    private Exception? ReasonNotToWait(TailJob job, out TailJob? displaced)
    {
        displaced = null;
        if (job.StopToken.IsCancellationRequested) return new OperationCanceledException();
        // A place that is free is not one for this job.
        if (_limit.HasRoom(job.CountedRuns, _queue.Runs, _queue.Count, free: 0)) return null;
        if (_queue.IsWithinShare(job.Terms, job.CountedRuns, _limit.Whole)) displaced = _queue.Displaced(job.Terms, job.CountedRuns, _limit.Whole);
        return displaced is null && !MayWaitAllTheSame(job.Terms.Machine) ? BusyFor(job.Terms).ToException() : null;
    }

    /// <summary>Whether there is room for a job that is still to be received, or would be, once others have made room for it.</summary>
    private bool MayArrive(in TailJobTerms terms, double counted)
    {
        var (free, arriving) = (places - Running, _arrivals.RunsOf(terms.Machine, terms.Connection));
        if (free == 0 && !_queue.IsWithinShare(terms, counted, _limit.Whole, arriving)) return false;
        if (_limit.HasRoom(counted, _queue.Runs + _arrivals.Runs, _queue.Count + _arrivals.Count, free)) return true;
        // What is announced only keeps out no one who has announced nothing.
        return _limit.HasRoom(counted, _queue.Runs, _queue.Count, free)
            ? arriving.Machine == 0
            : _queue.Displaced(terms, counted, _limit.Whole) is not null || (arriving.Machine == 0 && MayWaitAllTheSame(terms.Machine));
    }

    private bool MayWaitAllTheSame(string machine) => _queue.Count < maxQueued && _queue.IsFirstBesideSingles(machine);

    private Refusal BusyFor(in TailJobTerms terms) => Refusal.BusyFor(WaitSeconds(terms.Machine, terms.Connection, terms.DueAt));

    /// <summary>How long a job that comes now will wait for a place, s.</summary>
    private double WaitSeconds(string machine, long connection, long dueAt) => Running < places ? 0 : (_queue.Before(machine, connection, dueAt) + 1) * _times.Mean / places;

    /// <summary>How long a job that an exit may answer waits for a place, s: until one is free, and those have run to their exits that are due sooner. Where that is longer than it has, and than jobs are to wait, it may be longer still.</summary>
    private double WaitSecondsOf(in TailJobTerms terms, double left)
    {
        if (Running < places) return 0;
        var (now, free) = (Seconds(time.GetTimestamp()), double.PositiveInfinity);
        foreach (var job in _active) free = Math.Min(free, job.StopsAt - now);
        return Math.Max(0, free) + (_queue.SecondsBefore(terms, RunsAhead * _times.Mean, places * Math.Max(left, _limit.Target(_times.Mean))) / places);
    }

    private async Task RunAsync(ReadOnlyMemory<TailJob> jobs)
    {
        await runner.RunAsync(jobs).ConfigureAwait(false);
        ReadOnlyMemory<TailJob> next;
        lock (_gate)
        {
            _active.Remove(jobs.Span[0]);
            foreach (var job in jobs.Span) Record(job);
            Learn(jobs.Span);
            // The place passes to the next job that may take it, so that none that comes now is before it.
            next = TakeNext();
        }

        // The next one does not wait for the reply to this one, nor this one for the run of the next.
        if (!next.IsEmpty) StartBeside(next);
        foreach (var job in jobs.Span) job.OnEnded();
        GiveBack(jobs);
    }

    private void Record(TailJob job)
    {
        var whole = time.GetElapsedTime(job.StartedAt, job.EndedAt).TotalSeconds;
        var seconds = whole / job.Together;
        if (job.Exits is not null) _times.RecordExit(seconds, hasRun: job.Failure is null);
        else if (job.Failure is null || IsCostly(job, whole)) _times.Record(job.Terms, whole, job.Together);
        _lastPlace.Record(job.Terms.Machine, whole);
        _queue.Settle(job, seconds);
        var waited = job.QueuedAt == 0 ? 0 : time.GetElapsedTime(job.QueuedAt, job.StartedAt).TotalSeconds;
        // One that waited because others were due sooner says nothing of how long the queue is.
        if (!IsBoundByDeadline(job.Terms)) _limit.Record(waited, _times.Mean);
        // One that was stopped has kept its place as well, and one that was late at once no longer than it took to say so.
        _price.Observe(waited, seconds, job.Terms.Machine);
    }

    /// <summary>Whether a run that failed is worth remembering: one that was stopped early, or never began, says nothing; one that failed late cost what it took.</summary>
    private bool IsCostly(TailJob job, double seconds) =>
        job.Failure is TailRefusedException { Code: RefusalCode.LimitExceeded }
        || (Math.Max(_times.Expect(job.Terms), _times.Mean) is > 0 and var usual && seconds > usual);

    /// <summary>Starts jobs that have a place, while the caller has a reply to give.</summary>
    // A run has a thread of its own, so that starting one takes the caller no time. Two things would: the rows of a batch, which are copied first, and
    // jobs that end at once because nobody wants them any more, each of which starts the next.
    private void StartBeside(ReadOnlyMemory<TailJob> jobs)
    {
        if (_isStarting || jobs.Length > 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static start => start.Scheduler.StartQueued(start.Jobs), (Scheduler: this, Jobs: jobs), preferLocal: false);
            return;
        }

        _isStarting = true;
        try
        {
            StartQueued(jobs);
        }
        finally
        {
            _isStarting = false;
        }
    }

    private void StartQueued(ReadOnlyMemory<TailJob> jobs)
    {
        foreach (var job in jobs.Span) job.UnwatchStop();
        _ = RunAsync(jobs);
    }
}
