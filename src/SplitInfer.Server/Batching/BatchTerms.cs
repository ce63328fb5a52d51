namespace SplitInfer.Server.Batching;

/// <summary>How batches are made.</summary>
/// <param name="MaxCount">The most requests that a run may have; 1 where each runs alone.</param>
/// <param name="MaxRunTime">How long a run may take.</param>
/// <param name="Time">The clock.</param>
internal sealed record BatchTerms(int MaxCount, TimeSpan MaxRunTime, TimeProvider Time);

/// <summary>Told of each cut once whether its requests run together. Thread-safe.</summary>
internal interface IBatchLog
{
    /// <summary>They do.</summary>
    /// <param name="partition">The cut.</param>
    /// <param name="gain">What that gains, in words for people.</param>
    void Batches(int partition, string gain);

    /// <summary>They do not.</summary>
    /// <param name="partition">The cut.</param>
    /// <param name="reason">Why, in words for people.</param>
    /// <param name="error">What nobody foresaw; null where the reason says all.</param>
    void DoesNotBatch(int partition, string reason, Exception? error);

    /// <summary>A batch has failed for the first time, and its requests ran alone.</summary>
    /// <param name="partition">The cut.</param>
    /// <param name="error">Why it failed.</param>
    void BatchFailed(int partition, Exception error);
}
