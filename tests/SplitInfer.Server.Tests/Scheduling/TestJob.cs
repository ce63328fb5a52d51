using SplitInfer.Segments;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>A job without tensors that remembers how it ended.</summary>
internal sealed class TestJob : TailJob
{
    private readonly CancellationToken _stopToken;
    private TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _endings;

    public TestJob(long client = 1, long dueAt = long.MaxValue, string machine = "machine", int cut = 1, CancellationToken stopToken = default)
    {
        _stopToken = stopToken;
        Terms = TermsOf(client) with { DueAt = dueAt, Machine = machine, Cut = cut };
    }

    /// <summary>What the shallowest exit takes that may answer the job, s.</summary>
    public double LeastSeconds
    {
        init => Terms = Terms with { LeastSeconds = value };
    }

    /// <summary>Runs before the job says that it has ended.</summary>
    public Action OnEnding { get; set; } = static () => { };

    /// <summary>Done once the job has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>How often it was told to have ended.</summary>
    public int Endings => Volatile.Read(ref _endings);

    public override ReadOnlyMemory<TensorValue> Boundary => default;

    public override Memory<TensorValue> Outputs => default;

    public override CancellationToken StopToken => _stopToken;

    public static TailJobTerms TermsOf(long client) => new(typeof(TestJob), Cut: 1, Exit: 0, long.MaxValue, ExpectedSeconds: 0, Weight: 1, client, "machine", BatchKey: 0);

    /// <summary>Gives the job a tail.</summary>
    public TestJob With(SegmentLease tail)
    {
        Tail = tail;
        return this;
    }

    /// <summary>Makes the job as it was before it was enqueued.</summary>
    public void Renew() => (Failure, _ended) = (null, new(TaskCreationOptions.RunContinuationsAsynchronously));

    public override void OnEnded()
    {
        OnEnding();
        Interlocked.Increment(ref _endings);
        _ended.SetResult();
    }
}
