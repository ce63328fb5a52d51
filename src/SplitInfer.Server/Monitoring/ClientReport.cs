namespace SplitInfer.Server.Monitoring;

/// <summary>
/// What a client tells of its requests since its last report. It is the client's word: numbers are within bounds, and a client may make them up all the same.
/// </summary>
public readonly record struct ClientReport
{
    /// <summary>The round trip as the client's policy estimates it, s; NaN where it knows nothing of it.</summary>
    public required double RoundTripSeconds { get; init; }

    /// <summary>The bandwidth of the link, likewise, bit/s.</summary>
    public required double BitsPerSecond { get; init; }

    /// <summary>Requests that asked the server and have a result.</summary>
    public required int Finished { get; init; }

    /// <summary>Those of <see cref="Finished"/> whose arm was taken to learn about it.</summary>
    public required int Forced { get; init; }

    /// <summary>Those of <see cref="Finished"/> whose tail ran on the device as well.</summary>
    public required int Raced { get; init; }

    /// <summary>Those of <see cref="Finished"/> whose result is the device's.</summary>
    public required int WonByDevice { get; init; }

    /// <summary>Requests that asked no server.</summary>
    public required int OnDevice { get; init; }

    /// <summary>What those of <see cref="OnDevice"/> took together.</summary>
    public required TimeSpan OnDeviceTime { get; init; }

    /// <summary>The last of <see cref="Finished"/>; null where there is none.</summary>
    public required ReportedRequest? Last { get; init; }
}

/// <summary>A request that asked a server and has its result, as the client tells. Its stages are one after the other; one that did not take place is zero.</summary>
public readonly record struct ReportedRequest
{
    /// <summary>Where the model was cut.</summary>
    public required int Partition { get; init; }

    /// <summary>The codec of the boundary; null where it is none that the connection has.</summary>
    public required string? Codec { get; init; }

    /// <summary>Number of the variant.</summary>
    public required int Variant { get; init; }

    /// <summary>Whether the arm was taken to learn about it.</summary>
    public required bool IsForced { get; init; }

    /// <summary>Whether the tail ran on the device as well.</summary>
    public required bool IsRaced { get; init; }

    /// <summary>Whether the result is the device's.</summary>
    public required bool IsDevice { get; init; }

    /// <summary>Choosing the arm, up to the beginning of the head.</summary>
    public required TimeSpan Decide { get; init; }

    /// <summary>Running the head.</summary>
    public required TimeSpan Head { get; init; }

    /// <summary>Encoding the boundary until its first bytes could leave.</summary>
    public required TimeSpan Encode { get; init; }

    /// <summary>From the first bytes that could leave to the last that were handed to the network.</summary>
    public required TimeSpan Send { get; init; }

    /// <summary>What the server said that it took.</summary>
    public required TimeSpan Server { get; init; }

    /// <summary>The rest up to the result: the way there and back.</summary>
    public required TimeSpan Reply { get; init; }

    /// <summary>Running the tail on the device, where the result is the device's.</summary>
    public required TimeSpan Tail { get; init; }

    /// <summary>From the call to the result.</summary>
    public required TimeSpan Total { get; init; }

    /// <summary>What the policy expected; null where it expected nothing.</summary>
    public required TimeSpan? Predicted { get; init; }
}
