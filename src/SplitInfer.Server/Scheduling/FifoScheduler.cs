using System.Diagnostics.CodeAnalysis;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs tails in arrival order, a limited number at a time. Rejects new work when the queue is full. Thread-safe.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore holds no handle.")]
internal sealed class FifoScheduler(int places, int mostWaiting)
{
    private readonly SemaphoreSlim _places = new(places, places);
    private int _waiting;

    /// <summary>Whether the next one would be refused.</summary>
    public bool IsFull => _places.CurrentCount == 0 && Volatile.Read(ref _waiting) >= mostWaiting;

    /// <summary>Waits for a place, which is given back by <see cref="Release"/>.</summary>
    /// <exception cref="TailRefusedException">The queue is full.</exception>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public ValueTask EnterAsync(CancellationToken cancellationToken) =>
        _places.Wait(0, CancellationToken.None) ? ValueTask.CompletedTask : WaitAsync(cancellationToken);

    /// <summary>Gives a place back.</summary>
    public void Release() => _places.Release();

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > mostWaiting)
                throw new TailRefusedException(Refusal.Busy.Code, Refusal.Busy.Message);
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
