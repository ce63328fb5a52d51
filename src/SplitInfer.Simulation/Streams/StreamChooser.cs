using SplitInfer.Policies;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Simulation.Streams;

/// <summary>Who chooses the routes of a stream.</summary>
internal abstract class StreamChooser
{
    /// <summary>Frames in flight.</summary>
    public abstract int Window { get; }

    /// <summary>What is expected; null where nothing is.</summary>
    public virtual StreamForecast? Forecast => null;

    /// <summary>Chooses the route of a frame.</summary>
    public abstract StreamDecision Next(double now, long sequence);

    /// <summary>Learns from a frame.</summary>
    public virtual void Observe(in StageTimes times) { }

    /// <summary>Learns a round trip.</summary>
    public virtual void ObserveRoundTrip(int server, double seconds) { }
}

/// <summary>The planner of streams.</summary>
internal sealed class PlannedStream(StreamPlanner planner) : StreamChooser
{
    public override int Window => planner.Window;

    public override StreamForecast? Forecast => planner.Forecast;

    public override StreamDecision Next(double now, long sequence) => planner.Next(new() { NowSeconds = now });

    public override void Observe(in StageTimes times) => planner.Observe(times);

    public override void ObserveRoundTrip(int server, double seconds) => planner.ObserveRoundTrip(server, seconds);
}

/// <summary>One arm for all frames.</summary>
internal sealed class FixedStream(Arm arm, int window) : StreamChooser
{
    public override int Window => window;

    public override StreamDecision Next(double now, long sequence) => new() { Arm = arm, Sequence = sequence };
}

/// <summary>A policy of single requests, one frame at a time.</summary>
internal sealed class SequentialStream(PolicySetup setup, IPartitionPolicy policy) : StreamChooser
{
    private Decision _decision;

    public override int Window => 1;

    public override StreamDecision Next(double now, long sequence)
    {
        _decision = policy.Decide(default);
        return new() { Arm = _decision.Arm, Sequence = sequence, PredictedSeconds = _decision.PredictedSeconds };
    }

    public override void Observe(in StageTimes times)
    {
        var isOnDevice = times.Decision.Arm.IsOnDevice;
        var onDevice = times.DeviceEnded - times.DeviceBegan;
        var encode = isOnDevice ? 0 : Math.Min(setup.Arms[times.Decision.Arm.Index].EncodeSeconds, onDevice / 2);
        policy.Observe(new()
        {
            Decision = _decision,
            Kind = OutcomeKind.Completed,
            Server = isOnDevice ? ServerOutcome.NotAsked : ServerOutcome.Replied,
            HeadSeconds = onDevice - encode,
            EncodeSeconds = encode,
            OffloadSeconds = isOnDevice ? 0 : times.RepliedAt - times.SendBegan,
            ServerSeconds = times.ServerSeconds,
            BytesSent = (long)Math.Round(times.Bits / 8),
        });
    }

    public override void ObserveRoundTrip(int server, double seconds) => policy.ObserveRoundTrip(server, seconds);
}
