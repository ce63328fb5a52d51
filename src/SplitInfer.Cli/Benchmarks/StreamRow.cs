using SplitInfer.Simulation.Streams;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one contender made of a simulated stream.</summary>
/// <param name="World">The world: network, Mbit/s, percent of the device and percent of the server, or a random one.</param>
/// <param name="Contender">Who chose.</param>
/// <param name="Fps">Frames a second that had a result.</param>
/// <param name="P50Ms">Median of what they took, ms.</param>
/// <param name="P95Ms">95th percentile of the same, ms.</param>
/// <param name="Dropped">Frames without a result.</param>
/// <param name="BoundRatio">Frames over what the programme with the true costs, all stages always busy, would have had in the same time.</param>
/// <param name="BoundFps">The most frames a second of that programme at the beginning.</param>
/// <param name="MaxLatencyMs">The longest that a frame may take, ms; nothing without a limit.</param>
/// <param name="Late">Frames that took longer.</param>
/// <param name="WindowsInTime">The part of the windows of 10 s in which 95 in 100 frames or more were in time.</param>
/// <param name="MostInFlight">The most frames that were in flight.</param>
/// <param name="RecoveryFrames">For each change that mattered: frames until the planner expected what is true, less those that were in flight.</param>
internal sealed record StreamRow(
    string World, string Contender, double Fps, double P50Ms, double P95Ms, int Dropped, double BoundRatio, double BoundFps, double? MaxLatencyMs, int Late, double WindowsInTime, int MostInFlight, IReadOnlyList<int> RecoveryFrames)
{
    /// <summary>Plays all contenders in a world.</summary>
    public static IReadOnlyList<StreamRow> Play(StreamWorld world)
    {
        var simulator = new StreamSimulator(world);
        var bound = simulator.Bound();
        return [.. Enum.GetValues<StreamContender>().Select(simulator.Play).Select(result => new StreamRow(
            world.Name, result.Contender.ToString(), result.FramesPerSecond, result.P50Ms, result.P95Ms, result.Dropped, result.BoundRatio, bound, double.IsFinite(world.MaxLatencyMs) ? world.MaxLatencyMs : null,
            result.Late, result.WindowsInTime, result.MostInFlight, result.RecoveryFrames))];
    }
}

/// <summary>The planner beside the others, over worlds.</summary>
/// <param name="Worlds">How many.</param>
/// <param name="LeastBoundRatio">Its frames over those of the bound, in the worst world.</param>
/// <param name="BoundRatio">The same in the middle.</param>
/// <param name="BoundShare">The part of the worlds in which that is 0.95 or more.</param>
/// <param name="LeastOfFixed">Its frames a second over those of the best fixed arm with several frames in flight, in the worst world.</param>
/// <param name="OfFixed">The same in the middle.</param>
/// <param name="MostOfFixed">The same in the best world.</param>
/// <param name="LeastOfSequential">Its frames a second over those of the better policy of one frame at a time, in the worst world.</param>
/// <param name="OfSequential">The same in the middle.</param>
/// <param name="MostOfSequential">The same in the best world.</param>
/// <param name="WeakestShare">The part of the worlds in which it has 8.2 times the frames of the weakest contender, or more.</param>
/// <param name="WindowsInTime">The part of the windows of 10 s in which 95 in 100 frames were in time, of worlds with a limit.</param>
/// <param name="RecoveredShare">The part of the changes after which it took no more than the frames in flight and 3 until it expected what is true.</param>
internal sealed record StreamSummary(
    int Worlds, double LeastBoundRatio, double BoundRatio, double BoundShare, double LeastOfFixed, double OfFixed, double MostOfFixed, double LeastOfSequential, double OfSequential, double MostOfSequential, double WeakestShare,
    double? WindowsInTime, double? RecoveredShare)
{
    private const double Aim = 0.95, OfWeakest = 8.2;

    private const int MostFrames = 3;

    /// <summary>The summary of rows, each world's together.</summary>
    public static StreamSummary Of(IEnumerable<StreamRow> rows)
    {
        Dictionary<string, StreamRow>[] worlds = [.. rows.GroupBy(static row => row.World).Select(static world => world.ToDictionary(static row => row.Contender))];
        StreamRow[] own = [.. worlds.Select(static world => world[nameof(StreamContender.Planner)])];
        double[] ofFixed = [.. worlds.Select(static world => world[nameof(StreamContender.Planner)].Fps / world[nameof(StreamContender.BestFixedPipelined)].Fps)];
        double[] ofSequential = [.. worlds.Select(static world => world[nameof(StreamContender.Planner)].Fps / Math.Max(world[nameof(StreamContender.Neurosurgeon)].Fps, world[nameof(StreamContender.MuLinUcb)].Fps))];
        StreamRow[] limited = [.. own.Where(static row => row.MaxLatencyMs is not null)];
        int[] recoveries = [.. own.SelectMany(static row => row.RecoveryFrames)];
        return new(
            worlds.Length, own.Min(static row => row.BoundRatio), Median.Of(own.Select(static row => row.BoundRatio)), own.Average(static row => row.BoundRatio >= Aim ? 1.0 : 0), ofFixed.Min(), Median.Of(ofFixed), ofFixed.Max(),
            ofSequential.Min(), Median.Of(ofSequential), ofSequential.Max(), worlds.Average(static world => world[nameof(StreamContender.Planner)].Fps >= OfWeakest * world.Values.Min(static row => row.Fps) ? 1.0 : 0),
            limited.Length == 0 ? null : limited.Average(static row => row.WindowsInTime), recoveries.Length == 0 ? null : recoveries.Average(static frames => frames <= MostFrames ? 1.0 : 0));
    }
}
