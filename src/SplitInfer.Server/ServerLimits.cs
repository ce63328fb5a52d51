using SplitInfer.Tensors;

namespace SplitInfer.Server;

/// <summary>What a server takes on, so that its memory is bounded whatever is sent to it. What is over a limit is refused at once.</summary>
public sealed class ServerLimits
{
    // The longest that a timer takes.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMilliseconds(int.MaxValue);

    // One request an hour, and one a microsecond.
    private const double LeastRate = 1d / 3600, LargestRate = 1e6;

    // What was given back is taken from the system until the collector has run.
    private const long GarbageFactor = 2;

    // Beside those that are served, as many may be on their way out. Each has the buffers of its socket and of its TLS, headers of 64 KiB, and the requests that it once had in flight.
    private const long ConnectionsPerPlace = 2, BytesPerConnection = 1 << 20;

    /// <summary>Connections at a time. Where there are as many, the one that has been idle longest makes room for a new one. 256 unless set; fewer where the process may open too few files.</summary>
    public int MaxConnections { get; set; } = 256;

    /// <summary>Connections at a time from one machine: one IPv4 address, or one IPv6 network of 64 bits, whatever its keys. Raise it where clients come through a proxy. 128 unless set.</summary>
    public int MaxConnectionsPerMachine { get; set; } = 128;

    /// <summary>Connections at a time of the clients of one key, or of several keys of one name. 128 unless set.</summary>
    public int MaxConnectionsPerKey { get; set; } = 128;

    /// <summary>Requests at a time of the clients of one key, over all their connections; more are refused as busy. 256 unless set.</summary>
    public int MaxInFlightPerKey { get; set; } = 256;

    /// <summary>Requests a second of the clients of one key, over all their connections; as many may come at once. More are refused as busy, and told when to come back. Null (the default) for no limit.</summary>
    public double? MaxRequestsPerSecondPerKey { get; set; }

    /// <summary>Requests at a time on one connection; clients are told and wait. 16 unless set.</summary>
    public int MaxInFlightPerConnection { get; set; } = 16;

    /// <summary>Models that one connection may have open at a time; more are refused. 16 unless set.</summary>
    public int MaxOpenModelsPerConnection { get; set; } = 16;

    // Not the shared default, which a configuration would change for all.
    /// <summary>Sizes of the tensors of one request.</summary>
    public SizeLimits Sizes { get; set; } = new();

    /// <summary>Bytes of boundaries and outputs that are held at a time over all connections: what was received and decoded, and replies until they are sent. 1,073,741,824 (1 GiB) unless set.</summary>
    public long MaxHeldBytes { get; set; } = 1L << 30;

    /// <summary>The part of <see cref="MaxHeldBytes"/> that the connections from one machine, or with one key, may hold. 536,870,912 (512 MiB) unless set.</summary>
    public long MaxHeldBytesPerMachine { get; set; } = 512L << 20;

    /// <summary>Bytes that the requests of one connection may come to at a time, by their headers. 536,870,912 (512 MiB) unless set, so that two of the largest boundaries fit in any codec.</summary>
    public long MaxHeldBytesPerConnection { get; set; } = 512L << 20;

    /// <summary>Tails that run at a time. The number of processors unless set.</summary>
    public int MaxConcurrentRuns { get; set; } = Environment.ProcessorCount;

    /// <summary>Requests that wait for a place to run, at most; the next ones are refused as busy. Fewer wait where runs take long: as many as take about 16 runs of mean length, or one for each of <see cref="MaxConcurrentRuns"/> if that is more; requests that exits may answer by a deadline count by the part that they take of the time until then. 256 unless set.</summary>
    public int MaxQueuedRuns { get; set; } = 256;

    /// <summary>How long one tail may run; it is then stopped at the next node and the request refused. One minute unless set.</summary>
    public TimeSpan MaxRunTime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Bytes that runs of all tails together may take for the values that they compute; a run that asks for more fails. The bound is that of ONNX
    /// Runtime's arena, of which a process has one: the first server or client with bounds or tails decides. It does not hold for tails with
    /// execution providers or without shared weights. At most 4,294,967,295; null sets none. Unless set, 4,294,967,295 (4 GiB), or half the
    /// memory of the machine or container if that is less.
    /// </summary>
    public long? MaxRunMemoryBytes { get; set; } = Math.Min(uint.MaxValue, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    /// <summary>Bytes of all outputs of one run together; a request that has more is refused. 268,435,456 (256 MiB) unless set.</summary>
    public long MaxOutputBytes { get; set; } = 256L << 20;

    /// <summary>How long a client may take to say what it wants, from when it connects. 10 seconds unless set.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may stop in the middle of a message, or not take its replies. 30 seconds unless set.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What clients can make the server take without the tails that it loads, as <see cref="SplitInferServerOptions.ClientMemoryBound"/> says.</summary>
    internal long? ClientMemoryBound => MaxRunMemoryBytes is { } runs and <= uint.MaxValue
        ? (GarbageFactor * MaxHeldBytes) + runs + (MaxConcurrentRuns * MaxOutputBytes) + TensorBufferPool.MaxRestingBytesInAll + (ConnectionsPerPlace * BytesPerConnection * MaxConnections)
        : null;

    // Messages name a limit as files and SplitInferServerOptions do.
    private const string Section = nameof(SplitInferServerOptions.Limits);

    /// <summary>Checks every limit.</summary>
    /// <exception cref="ArgumentException">One cannot be kept; the message names it.</exception>
    public void Validate()
    {
        RequireAtLeast(1, MaxConnections, nameof(MaxConnections));
        RequireAtLeast(1, MaxConnectionsPerMachine, nameof(MaxConnectionsPerMachine));
        RequireAtLeast(1, MaxConnectionsPerKey, nameof(MaxConnectionsPerKey));
        RequireAtLeast(1, MaxInFlightPerKey, nameof(MaxInFlightPerKey));
        if (MaxRequestsPerSecondPerKey is { } rate && rate is not (>= LeastRate and <= LargestRate))
            throw new ArgumentException($"{Section}.{nameof(MaxRequestsPerSecondPerKey)} is {rate}; it must be from {LeastRate} to {LargestRate}, or null for no limit.");
        RequireAtLeast(1, MaxInFlightPerConnection, nameof(MaxInFlightPerConnection));
        RequireAtLeast(1, MaxOpenModelsPerConnection, nameof(MaxOpenModelsPerConnection));
        if (Sizes is null) throw new ArgumentException($"{Section}.{nameof(Sizes)} is null; leave it out for the default.");
        RequireAtLeast(1, Sizes.MaxDimension, $"{nameof(Sizes)}.{nameof(SizeLimits.MaxDimension)}");
        RequireAtLeast(1, Sizes.MaxBytes, $"{nameof(Sizes)}.{nameof(SizeLimits.MaxBytes)}");
        RequireAtLeast(1, MaxHeldBytes, nameof(MaxHeldBytes));
        RequireAtLeast(1, MaxHeldBytesPerMachine, nameof(MaxHeldBytesPerMachine));
        RequireAtLeast(1, MaxHeldBytesPerConnection, nameof(MaxHeldBytesPerConnection));
        RequireAtLeast(1, MaxConcurrentRuns, nameof(MaxConcurrentRuns));
        RequireAtLeast(0, MaxQueuedRuns, nameof(MaxQueuedRuns));
        RequireTimeout(MaxRunTime, nameof(MaxRunTime));
        if (MaxRunMemoryBytes is { } memory)
        {
            RequireAtLeast(1, memory, nameof(MaxRunMemoryBytes));
            // More would be no bound at all.
            if (memory > uint.MaxValue) throw new ArgumentException($"{Section}.{nameof(MaxRunMemoryBytes)} is {memory}, and ONNX Runtime bounds at most {uint.MaxValue} bytes. Give no more than that, or null for no bound.");
        }

        RequireAtLeast(1, MaxOutputBytes, nameof(MaxOutputBytes));
        RequireTimeout(HandshakeTimeout, nameof(HandshakeTimeout));
        RequireTimeout(StallTimeout, nameof(StallTimeout));
    }

    private static void RequireAtLeast(long least, long value, string name)
    {
        if (value < least) throw new ArgumentException($"{Section}.{name} is {value}; it must be {least} or more.");
    }

    private static void RequireTimeout(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > LongestTimeout) throw new ArgumentException($"{Section}.{name} is {value}; it must be positive, and at most {LongestTimeout.TotalDays:0} days.");
    }
}
