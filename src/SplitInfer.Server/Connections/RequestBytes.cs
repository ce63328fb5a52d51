using SplitInfer.Protocol;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>
/// The memory of one request. What is to come is promised to the connection alone, so that a client that only announces bytes is in nobody's way but
/// its own; what has come, and outputs, count against what its machine and the server may hold. Not thread-safe.
/// </summary>
/// <param name="promised">Bytes that the connection's requests may come to.</param>
/// <param name="held">Bytes that they have come to.</param>
internal sealed class RequestBytes(ByteBudget promised, ByteBudget held) : IByteAllowance
{
    private long _promised;
    private long _held;

    /// <summary>Promises bytes, which then are to be had as far as others leave any.</summary>
    /// <returns>Whether the connection may have so many.</returns>
    public bool TryPromise(long bytes)
    {
        if (!promised.TryTake(bytes)) return false;
        _promised += bytes;
        return true;
    }

    /// <inheritdoc/>
    public Exception? TryTake(long bytes)
    {
        if (!held.TryTake(bytes)) return Refusal.Busy.ToException();
        _held += bytes;
        return null;
    }

    /// <inheritdoc/>
    public void GiveBack(long bytes)
    {
        held.GiveBack(bytes);
        _held -= bytes;
    }

    /// <summary>Which limit so many more bytes of this request would be over if there were no other request; null where they could be had.</summary>
    /// <param name="bytes">Bytes that are to be promised and taken at once.</param>
    public string? LimitOver(long bytes) =>
        !held.CouldTake(_held, bytes) ? $"{nameof(ConnectionLimits.MaxHeldBytesPerMachine)} or MaxHeldBytes"
        : !promised.CouldTake(_promised, bytes) ? nameof(ConnectionLimits.MaxHeldBytesPerConnection)
        : null;

    /// <summary>Gives everything back.</summary>
    public void GiveBack()
    {
        promised.GiveBack(_promised);
        held.GiveBack(_held);
        (_promised, _held) = (0, 0);
    }
}
