using System.Collections.Immutable;

namespace SplitInfer.Policies.Streams;

/// <summary>What a planner expects of a stream. Immutable.</summary>
public sealed record StreamForecast
{
    /// <summary>The most frames a second that device, links and servers could take if they were never idle, within the latency.</summary>
    public double MostFramesPerSecond { get; init; }

    /// <summary>Frames a second that are planned for.</summary>
    public double FramesPerSecond { get; init; }

    /// <summary>The part of each stage that is used at most.</summary>
    public double Utilization { get; init; }

    /// <summary>Frames that may be in flight.</summary>
    public int Window { get; init; }

    /// <summary>The routes that are used, at most one for each stage.</summary>
    public ImmutableArray<StreamRoute> Routes { get; init; } = [];
}

/// <summary>A route of a stream.</summary>
/// <param name="Arm">The arm that its frames take.</param>
/// <param name="FramesPerSecond">How many frames a second take it.</param>
/// <param name="Share">The part of all frames that is, 0 to 1.</param>
/// <param name="LatencySeconds">The longest that a frame is expected to take, waits behind others included, s.</param>
/// <param name="DeviceSeconds">For how long a frame occupies the device, s.</param>
/// <param name="LinkSeconds">For how long it occupies the link, s.</param>
/// <param name="ServerSeconds">For how long it occupies a place of the server, s.</param>
public readonly record struct StreamRoute(Arm Arm, double FramesPerSecond, double Share, double LatencySeconds, double DeviceSeconds, double LinkSeconds, double ServerSeconds);
