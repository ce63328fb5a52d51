namespace SplitInfer.Client.Transport;

/// <summary>How many requests may be sent a second time: a tenth of those that were answered, and a few to begin with, so that a server that ends every connection gets little more than its share. Thread-safe.</summary>
internal sealed class RetryBudget
{
    // In tenths of a request.
    private const int Initial = 30, Most = 100, Cost = 10;

    private int _left = Initial;

    /// <summary>A request was answered.</summary>
    public void Earn()
    {
        if (Volatile.Read(ref _left) < Most) Interlocked.Increment(ref _left);
    }

    /// <summary>Takes one retry.</summary>
    /// <returns>False where none is left.</returns>
    public bool TrySpend()
    {
        if (Interlocked.Add(ref _left, -Cost) >= 0) return true;
        Interlocked.Add(ref _left, Cost);
        return false;
    }
}
