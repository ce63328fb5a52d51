using System.Collections.Immutable;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Sampling;

/// <summary>What happened within one second. Immutable.</summary>
internal sealed record Sample
{
    /// <summary>When it ended.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How long it was, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests with outputs.</summary>
    public required int Answered { get; init; }

    /// <summary>Those of <see cref="Answered"/> that an exit answered.</summary>
    public required int ByExit { get; init; }

    /// <summary>Requests without, by reason.</summary>
    public required ImmutableArray<(string Reason, int Count)> Refusals { get; init; }

    /// <summary>Requests that clients took back.</summary>
    public required int Withdrawn { get; init; }

    /// <summary>Payload bytes that came.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>Mean seconds of each <see cref="Stage"/>; 0 where nothing is known.</summary>
    public required ImmutableArray<double> StageSeconds { get; init; }

    /// <summary>Mean seconds from the call to the result, as clients tell; null where none told.</summary>
    public required double? TotalSeconds { get; init; }

    /// <summary>Requests with outputs, by model and partition.</summary>
    public required ImmutableArray<(Cut Cut, int Count)> Cuts { get; init; }

    /// <summary>Requests that clients told of, that asked the server.</summary>
    public required long Told { get; init; }

    /// <summary>Those of <see cref="Told"/> whose arm was taken to learn.</summary>
    public required long Forced { get; init; }

    /// <summary>Those of <see cref="Told"/> whose tail ran on the device as well.</summary>
    public required long Raced { get; init; }

    /// <summary>Those of <see cref="Told"/> whose result is the device's.</summary>
    public required long WonByDevice { get; init; }

    /// <summary>Requests that clients told of, that asked no server.</summary>
    public required long OnDevice { get; init; }

    /// <summary>The load at its end.</summary>
    public required ServerLoadStatus Load { get; init; }

    /// <summary>All of <see cref="Refusals"/>.</summary>
    public int Refused => Refusals.Sum(static refusal => refusal.Count);
}

/// <summary>A place where a model is cut.</summary>
internal readonly record struct Cut(string Model, int Partition);
