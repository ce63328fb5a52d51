namespace SplitInfer.Client.Policies;

/// <summary>What one request cost, in seconds and bytes. Lower is better.</summary>
public readonly record struct Observation
{
    /// <summary>Seconds that the head ran.</summary>
    public double HeadSeconds { get; init; }

    /// <summary>Seconds that encoding the boundary took.</summary>
    public double EncodeSeconds { get; init; }

    /// <summary>Seconds from the start of sending to the decoded result; 0 where everything ran on the device.</summary>
    public double OffloadSeconds { get; init; }

    /// <summary>The part of <see cref="OffloadSeconds"/> that the server says it spent: queue, decode, run and encode.</summary>
    public double ServerSeconds { get; init; }

    /// <summary>Payload bytes that were sent.</summary>
    public long BytesSent { get; init; }
}
