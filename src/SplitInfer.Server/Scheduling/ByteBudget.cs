namespace SplitInfer.Server.Scheduling;

/// <summary>Counts bytes that are held at a time, against a limit of its own and those of the budgets that it is part of. Thread-safe.</summary>
/// <remarks>A part holds no more than the whole has left, so that whoever comes later still finds some: after the first half, a quarter, and so on.</remarks>
/// <param name="most">Bytes that may be held at a time.</param>
/// <param name="whole">The budget that this one is part of; null where it is the whole.</param>
internal sealed class ByteBudget(long most, ByteBudget? whole = null)
{
    private long _held;

    private long Most => most;

    private long Left => most - Held;

    /// <summary>Bytes that are held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Takes <paramref name="bytes"/> more, or none where that would be too much.</summary>
    public bool TryTake(long bytes)
    {
        // Taken only if it fits, since what is refused must not be in the way of what is smaller.
        for (var held = Held; held + bytes <= most && (whole is null || held + bytes <= whole.Left);)
        {
            var found = Interlocked.CompareExchange(ref _held, held + bytes, held);
            if (found != held)
            {
                held = found;
                continue;
            }

            if (whole?.TryTake(bytes) != false) return true;
            Interlocked.Add(ref _held, -bytes);
            return false;
        }

        return false;
    }

    /// <summary>Whether so many more could be taken if nothing else were held: where not, waiting does not help.</summary>
    /// <param name="held">Bytes that are held beside them.</param>
    /// <param name="bytes">Bytes to be taken at once.</param>
    public bool CouldTake(long held, long bytes) =>
        bytes <= most - held && (whole is null || (bytes <= whole.Most - held - held && whole.CouldTake(held, bytes)));

    /// <summary>Gives back what was taken.</summary>
    public void GiveBack(long bytes)
    {
        Interlocked.Add(ref _held, -bytes);
        whole?.GiveBack(bytes);
    }
}
