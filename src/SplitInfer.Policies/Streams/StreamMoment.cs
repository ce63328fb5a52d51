namespace SplitInfer.Policies.Streams;

/// <summary>What is known when the route of a frame is chosen.</summary>
public readonly record struct StreamMoment
{
    /// <summary>Now, in seconds of a clock that does not go back; the same clock as that of <see cref="StageTimes"/>.</summary>
    public required double NowSeconds { get; init; }

    /// <summary>Servers that cannot be used at the moment: bit s stands for server s.</summary>
    public ulong UnavailableServers { get; init; }
}
