using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Batching;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>A scheduler with runs that take exactly what they are expected to, in virtual time, one event after the other.</summary>
internal sealed class BatchWorld : ITailRunner
{
    public const double Alone = 1, Alpha = 0.9, Beta = 0.1, Other = 1;

    private readonly List<(long At, TailJob[] Jobs, TaskCompletionSource Gate)> _running = [];

    public BatchWorld(int places, int maxBatch, TimeSpan within = default, double alpha = Alpha, double beta = Beta)
    {
        Cut = new(null!, 1, [], 64);
        Cut.Open(new(Alone, [(2, alpha + (2 * beta)), (8, alpha + (8 * beta))]), 64);
        Scheduler = new(this, places, maxQueued: 64, Time, maxBatch, within);
    }

    public FakeTimeProvider Time { get; } = new();

    public BatchableCut Cut { get; }

    public FairScheduler Scheduler { get; }

    /// <summary>The runs, in the order in which they began.</summary>
    public List<TailJob[]> Runs { get; } = [];

    /// <summary>How many jobs each of them had.</summary>
    public int[] Sizes => [.. Runs.Select(static run => run.Length)];

    /// <summary>Called for each job that ends.</summary>
    public Action<PlayedJob> OnEnded { get; set; } = static _ => { };

    /// <summary>Enqueues a job.</summary>
    /// <param name="machine">Whose it is.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="batches">Whether it may run together with others of the kind.</param>
    /// <param name="dueAfter">In how many seconds it is due.</param>
    public PlayedJob Enqueue(string machine = "a", long connection = 1, bool batches = true, double dueAfter = double.PositiveInfinity)
    {
        var job = new PlayedJob(this, machine, connection, batches, dueAfter);
        Scheduler.Enqueue(job);
        return job;
    }

    /// <summary>Ends the run that ends first, and lets what follows begin.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Step()
    {
        (long At, TailJob[] Jobs, TaskCompletionSource Gate) first;
        lock (_running)
        {
            if (_running.Count == 0) return false;
            first = _running.MinBy(static run => run.At);
            _running.Remove(first);
        }

        if (Time.GetElapsedTime(Time.GetTimestamp(), first.At) is var left && left > TimeSpan.Zero) Time.Advance(left);
        first.Gate.SetResult();
        // What follows begins on a thread of the pool.
        Settle(() => first.Jobs.All(static job => ((PlayedJob)job).Endings > 0));
        return true;
    }

    /// <summary>Lets time pass, in which no run may end.</summary>
    public void Pass(double seconds)
    {
        Time.Advance(TimeSpan.FromSeconds(seconds));
        Settle(static () => true);
    }

    /// <summary>Ends all runs that begin.</summary>
    public void Play()
    {
        while (Step())
        {
        }
    }

    public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        var jobs = sameKey.ToArray();
        var seconds = jobs.Length > 1 ? Cut.Curve!.Seconds(jobs.Length) : jobs[0].Batches is null ? Other : Alone;
        var began = Time.GetTimestamp();
        var at = began + (long)Math.Round(seconds * Time.TimestampFrequency);
        var gate = new TaskCompletionSource();
        lock (_running)
        {
            Runs.Add(jobs);
            _running.Add((at, jobs, gate));
        }

        await gate.Task.ConfigureAwait(false);
        foreach (var job in jobs) (job.StartedAt, job.EndedAt, job.Together) = (began, at, jobs.Length);
    }

    private void Settle(Func<bool> hasHappened) => Assert.True(SpinWait.SpinUntil(() => hasHappened() && Scheduler.LoadFor("", 0).Running == Running, TimeSpan.FromSeconds(30)));

    private int Running
    {
        get { lock (_running) return _running.Count; }
    }
}

/// <summary>A job of a <see cref="BatchWorld"/>.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The source has no timer and no handle.")]
internal sealed class PlayedJob : TailJob
{
    private readonly BatchWorld _world;
    private readonly CancellationTokenSource _stop = new();
    private int _endings;

    public PlayedJob(BatchWorld world, string machine, long connection, bool batches, double dueAfter)
    {
        _world = world;
        Batches = batches ? world.Cut : null;
        var dueAt = double.IsInfinity(dueAfter) ? long.MaxValue : world.Time.GetTimestamp() + (long)Math.Round(dueAfter * world.Time.TimestampFrequency);
        Terms = new(world, Cut: batches ? 1 : 2, Exit: 0, dueAt, ExpectedSeconds: 0, Weight: 1, connection, machine, BatchKey: batches ? world.Cut.Key : 0);
    }

    public int Endings => Volatile.Read(ref _endings);

    /// <summary>Whether it has run, and that ended before it was due.</summary>
    public bool IsInTime => Failure is null && EndedAt <= Terms.DueAt;

    public override ReadOnlyMemory<TensorValue> Boundary => default;

    public override Memory<TensorValue> Outputs => default;

    public override CancellationToken StopToken => _stop.Token;

    public void Stop() => _stop.Cancel();

    public override void OnEnded()
    {
        _world.OnEnded(this);
        Interlocked.Increment(ref _endings);
    }
}
