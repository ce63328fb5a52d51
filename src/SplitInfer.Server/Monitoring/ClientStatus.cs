namespace SplitInfer.Server.Monitoring;

/// <summary>A client that is connected, as it is at the moment. Immutable. Texts are fit to be shown: what could forge a line is escaped.</summary>
public sealed record ClientStatus
{
    /// <summary>A number that no other connection of the server has had.</summary>
    public required long Number { get; init; }

    /// <summary>Where it connects from.</summary>
    public required string Address { get; init; }

    /// <summary>Name of its key; null where it has none.</summary>
    public required string? Key { get; init; }

    /// <summary>Its software, as it says itself.</summary>
    public required string Software { get; init; }

    /// <summary>When it connected.</summary>
    public required DateTimeOffset ConnectedAt { get; init; }

    /// <summary>When its last request ended; null where none has.</summary>
    public required DateTimeOffset? LastRequestAt { get; init; }

    /// <summary>Requests that were answered with outputs.</summary>
    public required long Answered { get; init; }

    /// <summary>Those of <see cref="Answered"/> that an exit answered.</summary>
    public long ByExit { get; init; }

    /// <summary>Requests that were not, those that the client took back left out.</summary>
    public required long Refused { get; init; }

    /// <summary>Requests that the client took back, as it does with those that the device has won.</summary>
    public required long Withdrawn { get; init; }

    /// <summary>Requests that have begun and not ended.</summary>
    public required int InFlight { get; init; }

    /// <summary>Payload bytes of its requests.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Its last request with outputs; null where there is none. Its report is left out.</summary>
    public required RequestActivity? Last { get; init; }

    /// <summary>What it told last; null where it has told nothing, as older clients do, and those that are set so.</summary>
    public required ClientReport? Report { get; init; }

    /// <summary>What it has told in all: requests that asked this server, those of them that were forced, raced, and won by the device, and requests that asked no server.</summary>
    public required (long Finished, long Forced, long Raced, long WonByDevice, long OnDevice) Told { get; init; }
}
