namespace SplitInfer.Server.Scheduling;

/// <summary>Counts the bytes of all boundaries that a server holds. Thread-safe.</summary>
/// <param name="most">Bytes that may be held at a time.</param>
internal sealed class ByteBudget(long most)
{
    private long _held;

    /// <summary>Takes <paramref name="bytes"/> more, or none where that would be too much.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= most) return true;
        GiveBack(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes) => Interlocked.Add(ref _held, -bytes);
}
