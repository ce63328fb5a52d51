using SplitInfer.Tensors;

namespace SplitInfer.Server;

/// <summary>What a server takes on, so that its memory is bounded whatever is sent to it. What is over a limit is refused at once.</summary>
public sealed class ServerLimits
{
    // The longest that a timer takes.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <summary>Connections at a time. 256 unless set.</summary>
    public int MaxConnections { get; set; } = 256;

    /// <summary>Requests at a time on one connection; clients are told and wait. 16 unless set.</summary>
    public int MaxInFlightPerConnection { get; set; } = 16;

    /// <summary>Models that one connection may have open at a time; more are refused. 16 unless set.</summary>
    public int MaxOpenModelsPerConnection { get; set; } = 16;

    /// <summary>Sizes of the tensors of one request.</summary>
    public SizeLimits Sizes { get; set; } = SizeLimits.Default;

    /// <summary>Bytes of all boundaries that are held at a time, received and decoded, over all connections. 1,073,741,824 (1 GiB) unless set.</summary>
    public long MaxHeldBytes { get; set; } = 1L << 30;

    /// <summary>Tails that run at a time. The number of processors unless set.</summary>
    public int MaxConcurrentRuns { get; set; } = Environment.ProcessorCount;

    /// <summary>Requests that wait for a place to run; the next ones are refused as busy. 64 unless set.</summary>
    public int MaxQueuedRuns { get; set; } = 64;

    /// <summary>How long a client may take to say what it wants, from when it connects. 10 seconds unless set.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may stop in the middle of a message, or not take its replies. 30 seconds unless set.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every limit.</summary>
    /// <exception cref="ArgumentException">One cannot be kept; the message names it.</exception>
    public void Validate()
    {
        RequireAtLeast(1, MaxConnections, nameof(MaxConnections));
        RequireAtLeast(1, MaxInFlightPerConnection, nameof(MaxInFlightPerConnection));
        RequireAtLeast(1, MaxOpenModelsPerConnection, nameof(MaxOpenModelsPerConnection));
        if (Sizes is null) throw new ArgumentException($"{nameof(ServerLimits)}.{nameof(Sizes)} is null; leave it out for the default.");
        RequireAtLeast(1, Sizes.MaxDimension, $"{nameof(Sizes)}.{nameof(SizeLimits.MaxDimension)}");
        RequireAtLeast(1, Sizes.MaxBytes, $"{nameof(Sizes)}.{nameof(SizeLimits.MaxBytes)}");
        RequireAtLeast(1, MaxHeldBytes, nameof(MaxHeldBytes));
        RequireAtLeast(1, MaxConcurrentRuns, nameof(MaxConcurrentRuns));
        RequireAtLeast(0, MaxQueuedRuns, nameof(MaxQueuedRuns));
        RequireTimeout(HandshakeTimeout, nameof(HandshakeTimeout));
        RequireTimeout(StallTimeout, nameof(StallTimeout));
    }

    private static void RequireAtLeast(long least, long value, string name)
    {
        if (value < least) throw new ArgumentException($"{nameof(ServerLimits)}.{name} is {value}; it must be {least} or more.");
    }

    private static void RequireTimeout(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > LongestTimeout) throw new ArgumentException($"{nameof(ServerLimits)}.{name} is {value}; it must be positive, and at most {LongestTimeout.TotalDays:0} days.");
    }
}
