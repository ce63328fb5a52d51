namespace SplitInfer.Client.Streams;

/// <summary>What a stream has its frames inferred by. Thread-safe.</summary>
internal interface IFrameRunner
{
    /// <summary>The most frames that it takes at a time; null where it does not say.</summary>
    int? MaxInFlight { get; }

    /// <summary>Infers a frame. Those that are begun one after the other have the device, and are sent, in that order.</summary>
    /// <param name="frame">The frame; takes note of what it took.</param>
    /// <param name="route">Its route.</param>
    /// <param name="clock">The clock of the stream.</param>
    /// <param name="stop">Ends it.</param>
    Task<InferenceResult> RunAsync(StreamFrame frame, FrameRoute route, StreamClock clock, CancellationToken stop);
}

/// <summary>Seconds since a stream began.</summary>
/// <param name="time">The clock.</param>
internal sealed class StreamClock(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>Now.</summary>
    public double Now => At(time.GetTimestamp());

    /// <summary>A timestamp; NaN for 0, which is none.</summary>
    public double At(long timestamp) => timestamp == 0 ? double.NaN : time.GetElapsedTime(_began, timestamp).TotalSeconds;
}
