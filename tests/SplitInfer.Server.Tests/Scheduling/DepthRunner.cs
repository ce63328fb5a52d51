using System.Diagnostics;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>Ends every run on the thread that began it, but for the first, which waits until the others may follow; and sees how deep the stack becomes.</summary>
internal sealed class DepthRunner : ITailRunner
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _begun;
    private int _deepest;

    /// <summary>The most frames that were on one stack when a run began.</summary>
    public int Deepest => Volatile.Read(ref _deepest);

    /// <summary>Ends the first run.</summary>
    public void Open() => _first.SetResult();

    public ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        if (Interlocked.Increment(ref _begun) == 1) return new(_first.Task);
        var depth = new StackTrace().FrameCount;
        for (var seen = Deepest; depth > seen; seen = Deepest) Interlocked.CompareExchange(ref _deepest, depth, seen);
        return ValueTask.CompletedTask;
    }
}
