using SplitInfer.Protocol;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.WholeModels;

/// <summary>The memory of a request that is read before it is accepted. Gives everything back once it is disposed. Not thread-safe.</summary>
/// <param name="bytes">What it takes of the memory that clients share.</param>
/// <param name="leave">Its client has one request less.</param>
/// <param name="log">Told of what finds no room.</param>
internal sealed class Reservation(RequestBytes bytes, Action leave, ServerLog log) : IDisposable
{
    /// <summary>Promises bytes, which then are to be held as far as others leave any.</summary>
    /// <exception cref="TailRefusedException">The client has as many as it may.</exception>
    public void Promise(long count)
    {
        if (!bytes.TryPromise(count)) throw Refuse();
    }

    /// <summary>Counts bytes that were promised as held, since they have come.</summary>
    /// <exception cref="TailRefusedException">The client, or all of them, hold as many as they may.</exception>
    public void Hold(long count)
    {
        if (bytes.TryTake(count) is not null) throw Refuse();
    }

    /// <inheritdoc cref="RequestBytes.LimitOver"/>
    public string? LimitOver(long count) => bytes.LimitOver(count);

    /// <inheritdoc/>
    public void Dispose()
    {
        bytes.GiveBack();
        leave();
    }

    private TailRefusedException Refuse()
    {
        log.RequestRefused(Refusal.OutOfMemory);
        return Refusal.OutOfMemory.ToException();
    }
}
