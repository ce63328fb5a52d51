using SplitInfer.Client.Transport;

namespace SplitInfer.Client;

/// <summary>Where the time of one request went. A stage that did not take place is zero.</summary>
public readonly record struct InferenceTimings
{
    /// <summary>Running the head.</summary>
    public TimeSpan Head { get; init; }

    /// <summary>Encoding the boundary until its first bytes could leave; what is encoded later, while they travel, is part of <see cref="Offload"/>.</summary>
    public TimeSpan Encode { get; init; }

    /// <summary>From the first bytes that could leave to the decoded result, <see cref="Server"/> included; zero where the result is the device's.</summary>
    public TimeSpan Offload { get; init; }

    /// <summary>Running the tail on the device after a head of its own, where the device won a race or the server failed.</summary>
    public TimeSpan Tail { get; init; }

    /// <summary>What the server says it spent, by its own clock.</summary>
    public TailTimings Server { get; init; }

    /// <summary>From the call to the result.</summary>
    public TimeSpan Total { get; init; }
}
