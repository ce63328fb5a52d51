using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Streams;

/// <summary>Chooses the routes of the frames of one stream, and how many may be in flight. Thread-safe.</summary>
internal interface IFrameRoutes : IDisposable
{
    /// <summary>Frames that may be in flight now, at least 1.</summary>
    int Window { get; }

    /// <summary>The most frames a second that could be taken; NaN where that is not known.</summary>
    double BoundFramesPerSecond { get; }

    /// <summary>Chooses the route of the next frame.</summary>
    /// <param name="now">Seconds of the stream's clock.</param>
    FrameRoute Next(double now);

    /// <summary>What a frame took; once for each that <see cref="Next"/> chose for.</summary>
    void Observe(in StageTimes times);
}

/// <summary>The route of a frame.</summary>
/// <param name="Decision">What is carried out.</param>
/// <param name="Planned">What it is called in <see cref="StageTimes"/>.</param>
internal readonly record struct FrameRoute(Decision Decision, StreamDecision Planned);

/// <summary>Finds out who chooses the routes of a stream.</summary>
internal static class FrameRoutes
{
    /// <summary>The routes of a stream: one partition, what the planner chooses, or what the policy of the client does where that one does not learn.</summary>
    /// <exception cref="Arms.InvalidPartitionException">The partition cannot be taken.</exception>
    public static IFrameRoutes For(SplitInferenceClient client, StreamOptions options)
    {
        if (options.Partition is not { } partition) return client is { Learns: true, Setup: { } setup } ? new PlannedRoutes(client, setup, options) : new ChosenRoutes(client.Choose);
        client.Named(partition);
        return new ChosenRoutes(() => client.Named(partition));
    }
}
