namespace SplitInfer.Protocol;

/// <summary>The other end refused or failed a handshake or a request, and says why.</summary>
public sealed class TailRefusedException : SplitInferException
{
    /// <summary>Creates the error, also for transports of an application's own.</summary>
    /// <param name="code">The kind of refusal. <see cref="RefusalCode.PartitionUnavailable"/> masks the cut for that server, most others make the client do without the server for a while.</param>
    /// <param name="message">Why, and what to do next; for people.</param>
    /// <param name="inner">What led to it.</param>
    public TailRefusedException(RefusalCode code, string message, Exception? inner = null) : base(message, inner) => Code = code;

    /// <summary>The kind of refusal, for programs; the message is for people.</summary>
    public RefusalCode Code { get; }

    /// <summary>Where the plans of the two ends differ: the first partition that does; null where nothing says so.</summary>
    public int? DifferingPartition { get; internal init; }

    /// <summary>
    /// How long to wait, from now, before the same request may succeed; null where the other end does not say. A busy server (<see cref="RefusalCode.Busy"/>)
    /// says it; clients leave the server alone until then by themselves, for at most 30 seconds, and a caller who sends requests of its own should too.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The price of the other end's time as it refused: the seconds that others wait longer for each second for which a request occupies one of its places. 0 where it does not say.</summary>
    public double Price { get; init; }

    /// <summary>How many requests the other end runs at a time; 0 where it does not say.</summary>
    public int Places { get; init; }
}
