using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Simulation.Streams;

/// <summary>Plays streams in a world on a virtual clock, event by event. The same world and contender give the same result.</summary>
public sealed class StreamSimulator(StreamWorld world)
{
    /// <summary>Frames in flight of an arm that is pipelined without a limit of latency.</summary>
    private const int DeepWindow = 64;

    /// <summary>How many arms the search plays: those that could have the most frames if nothing scattered.</summary>
    private const int Searched = 3;

    private static readonly int[] _windows = [DeepWindow, 32, 24, 16, 12, 8, 6, 5, 4, 3, 2, 1];

    private readonly StreamBound _bound = new(world);

    /// <summary>What nobody can exceed, frames a second at a time, s: the programme with the costs as they truly are.</summary>
    public double Bound(double seconds = 0) => _bound.At(seconds);

    /// <summary>Plays one contender.</summary>
    public StreamResult Play(StreamContender contender) => contender switch
    {
        StreamContender.Planner => Play(contender, clock => new PlannedStream(new(world.Setup(clock), new() { MaxLatencySeconds = world.MaxLatencyMs / 1e3, FramesPerSecond = null }))),
        StreamContender.AllOnDevice => Play(contender, _ => new FixedStream(OnDevice, 2)),
        StreamContender.AllOnServer => Play(contender, _ => new FixedStream(world.Setup(TimeProvider.System).Arms[0].Arm, 1)),
        StreamContender.AllOnServerPipelined => Fastest(contender, [0]),
        StreamContender.Neurosurgeon => Play(contender, clock => Sequential(PolicyNames.Neurosurgeon, clock)),
        StreamContender.MuLinUcb => Play(contender, clock => Sequential(PolicyNames.MuLinUcb, clock)),
        _ => Fastest(contender, Promising()),
    };

    private Arm OnDevice => world.Setup(TimeProvider.System).Arms[^1].Arm;

    // The arm and the window that have the most frames of those that keep 95 in 100 frames in time or, where none does, of all.
    private StreamResult Fastest(StreamContender contender, IEnumerable<int> arms)
    {
        StreamResult? best = null;
        var setup = world.Setup(TimeProvider.System);
        foreach (var arm in arms)
        {
            foreach (var window in double.IsFinite(world.MaxLatencyMs) ? _windows : [DeepWindow])
            {
                var result = Play(contender, _ => new FixedStream(setup.Arms[arm].Arm, window));
                if (best is null || (IsInTime(result), result.FramesPerSecond).CompareTo((IsInTime(best), best.FramesPerSecond)) > 0) best = result;
                if (IsInTime(result)) break;
            }
        }

        return best!;
    }

    private bool IsInTime(StreamResult result) => result.P95Ms <= world.MaxLatencyMs;

    private IEnumerable<int> Promising()
    {
        var tails = world.Arms.Length - 1;
        var link = world.Servers.Select(static server => server.Description.Link.At(0)).ToArray();
        var slowdown = world.DeviceSlowdown.At(0);
        return Enumerable.Range(0, world.Servers.Length * tails).Append(world.Servers.Length * tails).OrderBy(choice =>
        {
            if (choice == world.Servers.Length * tails) return world.Arms[^1].HeadMs * slowdown;
            var (server, arm) = (choice / tails, world.Arms[choice % tails]);
            return Math.Max(Math.Max((arm.HeadMs + arm.EncodeMs) * slowdown, arm.PayloadBits / (link[server].Mbps * 1e3)), (arm.TailMs + arm.DecodeMs) * world.Servers[server].Description.Slowdown.At(0) / world.Servers[server].Places);
        }).Take(world.Changes.Length > 1 ? int.MaxValue : Searched);
    }

    private SequentialStream Sequential(string name, TimeProvider clock)
    {
        var setup = world.Setup(clock);
        var policy = PolicyCatalog.Create(name, setup);
        for (var server = 0; server < world.Servers.Length; server++) policy.ObserveServerProfile(server, OfflineProfile.TailSeconds(world.Scenario));
        return new(setup, policy);
    }

    private StreamResult Play(StreamContender contender, Func<StreamClock, StreamChooser> choose)
    {
        var clock = new StreamClock();
        var play = new StreamPlay(world, choose(clock), clock, _bound);
        play.Run();
        var tally = play.Tally;
        return new()
        {
            Contender = contender,
            FramesPerSecond = tally.Frames / tally.Seconds,
            BoundRatio = tally.Frames / _bound.FramesUntil(tally.Seconds),
            P50Ms = tally.Quantile(0.5) * 1e3,
            P95Ms = tally.Quantile(0.95) * 1e3,
            Dropped = tally.Dropped,
            Late = tally.Late,
            WindowsInTime = tally.WindowsInTime,
            RecoveryFrames = play.Recovery.Frames,
            MostInFlight = tally.MostInFlight,
        };
    }
}
