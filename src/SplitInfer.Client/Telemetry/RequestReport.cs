namespace SplitInfer.Client.Telemetry;

/// <summary>How a request with a result went, for <see cref="RequestRecorder"/>. A stage that did not take place is zero.</summary>
internal readonly ref struct RequestReport
{
    /// <summary>Where the result was computed.</summary>
    public required string Source { get; init; }

    /// <summary>Where the model was cut.</summary>
    public required int Partition { get; init; }

    /// <summary>Number of the variant that was cut, of which <see cref="Partition"/> is one. Where another one stood in on the device, that has answered, and is not told.</summary>
    public required int Variant { get; init; }

    /// <summary>The exit that answered, 0 for the model itself; null where no exit might have.</summary>
    public required int? Exit { get; init; }

    /// <summary>The codec; null where no server was asked.</summary>
    public required string? Codec { get; init; }

    /// <summary>The server; null where none was asked.</summary>
    public required string? Server { get; init; }

    /// <summary>Its number; meaningless where none was asked.</summary>
    public required int ServerNumber { get; init; }

    /// <summary>Whether device and server both ran the tail.</summary>
    public required bool IsRaced { get; init; }

    /// <summary>Whether the arm was taken to learn about it.</summary>
    public required bool IsForced { get; init; }

    /// <summary>What the policy expected, s; NaN where it expected nothing.</summary>
    public required double PredictedSeconds { get; init; }

    /// <summary>Payload bytes that were sent.</summary>
    public required long BytesSent { get; init; }

    /// <summary>Bytes of the boundary; 0 where nothing was sent.</summary>
    public required long BytesRaw { get; init; }

    /// <summary>From the beginning of the attempt to the result.</summary>
    public required TimeSpan Attempt { get; init; }

    public required TimeSpan Head { get; init; }

    public required TimeSpan Encode { get; init; }

    /// <summary>From the first bytes that could leave to the decoded result; zero where the result is the device's.</summary>
    public required TimeSpan Offload { get; init; }

    /// <summary>The part of <see cref="Offload"/> up to the last bytes that were handed over.</summary>
    public required TimeSpan Send { get; init; }

    /// <summary>The part of <see cref="Offload"/> that the server reports.</summary>
    public required TimeSpan AtServer { get; init; }

    /// <summary>Running the tail on the device, up to the result.</summary>
    public required TimeSpan Tail { get; init; }

    /// <summary>What the server failed with, so that the device finished; null where nothing failed.</summary>
    public required Exception? ServerFailure { get; init; }
}
