using SplitInfer.Policies.Streams;
using SplitInfer.Simulation.Streams;

namespace SplitInfer.Policies.Tests.Streams;

/// <summary>Small worlds, and a planner that is driven by hand: its frames take exactly what a world says, one after the other at each stage.</summary>
internal static class StreamWorlds
{
    /// <summary>A network of five cuts on a link, on a server three times as fast as the device.</summary>
    public static StreamWorld Steady(double mbps, int frames = 400) => new()
    {
        Name = "steady",
        Arms = StreamTables.SqueezeNet(0.5),
        Servers = [StreamServer.Steady(mbps, 10)],
        Frames = frames,
        Noise = 0.05,
    };

    /// <summary>The same, with a link that changes.</summary>
    public static StreamWorld Step(double before, double after, double atSeconds, int frames = 1500) => Steady(before, frames) with
    {
        Servers = [new(new() { Link = new([(0, new(before, 10)), ((int)(atSeconds * 1e3), new(after, 10))]), IsLinkByClock = true })],
    };

    public static StreamPlanner Planner(StreamWorld world, StreamPlannerOptions? options = null) => new(world.Setup(TimeProvider.System), options ?? new());

    /// <summary>Plays frames, as many in flight as the planner allows, and says what was chosen.</summary>
    public static List<StreamDecision> Play(StreamWorld world, StreamPlanner planner, int frames, ulong unavailable = 0)
    {
        var decisions = new List<StreamDecision>();
        var clock = new StreamClock();
        var stages = new StreamStages(world, clock);
        var (inFlight, done) = (0, 0);
        void Fill()
        {
            while (inFlight < planner.Window && decisions.Count < frames)
            {
                var decision = planner.Next(new() { NowSeconds = clock.Now, UnavailableServers = unavailable });
                decisions.Add(decision);
                inFlight++;
                stages.Begin(decision, decisions.Count, times =>
                {
                    inFlight--;
                    done++;
                    planner.Observe(times);
                    Fill();
                });
            }
        }

        Fill();
        clock.RunWhile(() => done < frames);
        return decisions;
    }
}
