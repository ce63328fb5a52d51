namespace SplitInfer.Client.Policies;

/// <summary>
/// What one request cost, in seconds and bytes. Lower is better. A part that was not measured is 0, so that the two
/// sides of a race can be told in one observation or in two.
/// </summary>
public readonly record struct Observation
{
    /// <summary>Seconds that the head ran; all of the model where everything ran on the device.</summary>
    public double HeadSeconds { get; init; }

    /// <summary>Seconds that encoding the boundary took until its first bytes could leave: what could not be hidden behind sending.</summary>
    public double EncodeSeconds { get; init; }

    /// <summary>Seconds from the first bytes that could leave to the decoded result; 0 where everything ran on the device.</summary>
    public double OffloadSeconds { get; init; }

    /// <summary>The part of <see cref="OffloadSeconds"/> that the server says it spent: queue, decode, run and encode.</summary>
    public double ServerSeconds { get; init; }

    /// <summary>Payload bytes that were sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>Whether no reply came: <see cref="OffloadSeconds"/> is how long it was waited for, and the truth is more.</summary>
    public bool IsCensored { get; init; }

    /// <summary>In a race that the device finished: seconds that the whole model took on the device.</summary>
    public double RacedDeviceSeconds { get; init; }
}
