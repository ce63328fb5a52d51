using SplitInfer.Segments;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Quality;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Scheduling;

/// <summary>One run of a tail, as the scheduler sees it. May be enqueued again once it has ended.</summary>
internal abstract class TailJob
{
    private readonly TailJob[] _alone;
    private CancellationTokenRegistration _watch;
    private double _freeAt, _stopsAt;

    /// <summary>A job that was never enqueued.</summary>
    protected TailJob() => (_alone, Node) = ([this], new(this));

    /// <summary>What was known of it by its header.</summary>
    public TailJobTerms Terms { get; protected set; }

    /// <summary>Says how long the run is expected to take, s.</summary>
    public void Expect(double seconds) => Terms = Terms with { ExpectedSeconds = seconds };

    /// <summary>What the job counts while it waits, in mean runs; see <see cref="QueueLimit"/>.</summary>
    public double CountedRuns { get; set; } = 1;

    /// <summary>The number under which it counts as waiting until it is enqueued, received or late, since its offer was accepted; 0 where it does not.</summary>
    public long Arrival { get; set; }

    /// <summary>Since when it waits for a place, as a timestamp; 0 where it has not waited.</summary>
    public long QueuedAt { get; set; }

    /// <summary>When the turn that it was taken in was over, in the virtual times of its machine and its connection; null where it has not waited.</summary>
    public (double Machine, double Flow)? Turn { get; set; }

    /// <summary>The tail, rented before the job is enqueued, where <see cref="Exits"/> is null.</summary>
    public SegmentLease Tail { get; protected set; }

    /// <summary>The route by which it runs and may be answered early, whose segments are rented before the job is enqueued; null where only the model itself may answer.</summary>
    public ExitRun? Exits { get; protected set; }

    /// <summary>What it may run together with; null where it runs alone. It does only while it has a <see cref="TailJobTerms.BatchKey"/>.</summary>
    public BatchableCut? Batches { get; protected set; }

    /// <summary>How many jobs its run had, itself included.</summary>
    public int Together { get; set; } = 1;

    /// <summary>Tells what waits behind it while it runs; null where nothing does.</summary>
    public IWaitingJobs? Waiting { get; set; }

    /// <summary>While it runs, when it is expected to end, in seconds of the server's clock.</summary>
    public double FreeAt
    {
        get => Volatile.Read(ref _freeAt);
        set => Volatile.Write(ref _freeAt, value);
    }

    /// <summary>While it runs, when it can end at the earliest: at the next exit that may answer it, where others would wait; in seconds of the server's clock.</summary>
    public double StopsAt
    {
        get => Volatile.Read(ref _stopsAt);
        set => Volatile.Write(ref _stopsAt, value);
    }

    /// <summary>What the tail takes.</summary>
    public abstract ReadOnlyMemory<TensorValue> Boundary { get; }

    /// <summary>Room for what it yields. On success each place holds a tensor that the job owns.</summary>
    public abstract Memory<TensorValue> Outputs { get; }

    /// <summary>Fires when the outputs are of no use any more.</summary>
    public abstract CancellationToken StopToken { get; }

    /// <summary>Why there are no outputs; null where there are.</summary>
    public Exception? Failure { get; set; }

    /// <summary>When the run began, as a timestamp; meaningless where it did not.</summary>
    public long StartedAt { get; set; }

    /// <summary>When the run ended, as a timestamp; meaningless where there was none.</summary>
    public long EndedAt { get; set; }

    /// <summary>The job as a batch of one.</summary>
    public ReadOnlyMemory<TailJob> Alone => _alone;

    /// <summary>The job's place in a list of those that wait.</summary>
    public LinkedListNode<TailJob> Node { get; }

    /// <summary>
    /// The job has run, or will not, as <see cref="Failure"/> says. Its place is free, and the scheduler does not use the job after this.
    /// Called by any thread, which may be that of <see cref="ITailScheduler.Enqueue"/>. Must not block or throw.
    /// </summary>
    public abstract void OnEnded();

    /// <summary>Has the scheduler withdraw the job when its token fires. Called before the job waits, without any lock.</summary>
    internal void WatchStop(ITailScheduler scheduler) => _watch = StopToken.UnsafeRegister(static (job, _) =>
    {
        var (self, owner) = ((TailJob, ITailScheduler))job!;
        owner.Withdraw(self);
    }, (this, scheduler));

    /// <summary>Ends the watch, and waits for a withdrawal that is under way, so that it cannot meet the job's next use. Called without any lock.</summary>
    internal void UnwatchStop()
    {
        _watch.Dispose();
        _watch = default;
    }
}
