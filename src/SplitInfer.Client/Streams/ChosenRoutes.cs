using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Streams;

/// <summary>Routes that are chosen without a plan, such as one partition for all frames.</summary>
/// <param name="choose">Chooses one.</param>
internal sealed class ChosenRoutes(Func<Decision> choose) : IFrameRoutes
{
    private readonly Lock _gate = new();
    private readonly PipelineWindow _window = new();
    private long _sequence;

    public int Window
    {
        get { lock (_gate) return _window.Size; }
    }

    public double BoundFramesPerSecond => double.NaN;

    public FrameRoute Next(double now)
    {
        var decision = choose();
        return new(decision, new() { Arm = decision.Arm, Sequence = Interlocked.Increment(ref _sequence), PredictedSeconds = decision.PredictedSeconds });
    }

    public void Observe(in StageTimes times)
    {
        var ended = double.IsNaN(times.RepliedAt) ? times.DeviceEnded : times.RepliedAt;
        lock (_gate) _window.Observe(times.QueuedAt, ended);
    }

    public void Dispose()
    {
    }
}
