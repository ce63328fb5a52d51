using System.Collections.Concurrent;
using System.Threading.Channels;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>A runner whose runs end when a test says so.</summary>
internal sealed class GatedRunner : ITailRunner
{
    private readonly Channel<TailJob> _begun = Channel.CreateUnbounded<TailJob>();
    private readonly ConcurrentDictionary<TailJob, TaskCompletionSource> _gates = [];
    private int _running;
    private int _mostRunning;

    /// <summary>Whether runs end at once.</summary>
    public bool IsOpen { get; set; }

    /// <summary>The most that ran at a time.</summary>
    public int MostRunning => Volatile.Read(ref _mostRunning);

    /// <summary>The thread on which the last run began.</summary>
    public int LastThread { get; private set; }

    /// <summary>Every job that was begun.</summary>
    public ConcurrentQueue<TailJob> Begun { get; } = [];

    /// <summary>The next job that is begun.</summary>
    public ValueTask<TailJob> NextAsync() => _begun.Reader.ReadAsync();

    /// <summary>Ends the run of a job.</summary>
    public void End(TailJob job) => _gates[job].SetResult();

    public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        LastThread = Environment.CurrentManagedThreadId;
        var running = Interlocked.Increment(ref _running);
        for (var most = MostRunning; running > most; most = MostRunning) Interlocked.CompareExchange(ref _mostRunning, running, most);
        for (var i = 0; i < sameKey.Length; i++)
        {
            var job = sameKey.Span[i];
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _gates[job] = gate;
            if (IsOpen) gate.SetResult();
            Begun.Enqueue(job);
            _begun.Writer.TryWrite(job);
            await gate.Task.ConfigureAwait(false);
        }

        Interlocked.Decrement(ref _running);
    }
}
