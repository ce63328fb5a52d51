using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Streams;

/// <summary>
/// Has a client infer the frames of a stream one after the other, as ordinary requests: its policy, which is about the time of one request, chooses and learns.
/// </summary>
/// <param name="client">The client.</param>
internal sealed class OrdinaryFrames(SplitInferenceClient client) : IFrameRunner, IFrameRoutes
{
    // A frame that is late has a result all the same, as in any stream.
    private static readonly InferenceRequest WithoutDeadline = new() { Deadline = Timeout.InfiniteTimeSpan };

    private long _sequence;

    public int? MaxInFlight => 1;

    public int Window => 1;

    public double BoundFramesPerSecond => double.NaN;

    // The client's policy chooses later.
    public FrameRoute Next(double now) => new(default, new() { Arm = default, Sequence = ++_sequence });

    public Task<InferenceResult> RunAsync(StreamFrame frame, FrameRoute route, StreamClock clock, CancellationToken stop) => client.InferAsync(frame.Inputs, WithoutDeadline, stop).AsTask();

    public void Observe(in StageTimes times)
    {
    }

    public void Dispose()
    {
    }
}
