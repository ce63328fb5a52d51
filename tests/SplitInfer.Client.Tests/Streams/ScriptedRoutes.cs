using System.Collections.Concurrent;
using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>Takes the routes that a test says, and keeps what it is told.</summary>
/// <param name="choose">The choice for the frame with that number among those that begin.</param>
/// <param name="arms">The arm of a choice.</param>
internal sealed class ScriptedRoutes(Func<int, Choice> choose, Func<Choice, int, Arm> arms) : IFrameRoutes
{
    private readonly ConcurrentQueue<StageTimes> _observed = [];
    private int _chosen;

    /// <summary>Frames that may be in flight.</summary>
    public int Window { get; set; } = 4;

    public double BoundFramesPerSecond => 7;

    /// <summary>How many routes were chosen.</summary>
    public int Chosen => Volatile.Read(ref _chosen);

    /// <summary>What it was told.</summary>
    public IReadOnlyList<StageTimes> Observed => [.. _observed];

    public bool IsDisposed { get; private set; }

    public FrameRoute Next(double now)
    {
        var number = Interlocked.Increment(ref _chosen);
        var choice = choose(number - 1);
        var arm = arms(choice, choice.To);
        return new(new() { Arm = arm, PredictedSeconds = double.NaN }, new() { Arm = arm, Sequence = number });
    }

    public void Observe(in StageTimes times) => _observed.Enqueue(times);

    public void Dispose() => IsDisposed = true;
}
