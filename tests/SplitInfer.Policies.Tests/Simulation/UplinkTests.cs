using System.Text.Json;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Testing;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>
/// The default policy on uplinks that were recorded on the move: a round trip of 50 ms, three networks, payloads raw and a tenth, windows
/// of 200 ms that pass by the clock, or with every frame.
/// </summary>
public class UplinkTests
{
    private const int Seeds = 3, WindowMs = 200, RttMs = 50;

    public static TheoryData<string, double> Networks => new() { { "vgg16", 1 }, { "tiny-yolov2", 1 }, { "vgg16", 4 } };

    [SharedTheory]
    [MemberData(nameof(Networks))]
    public void It_is_never_much_worse_than_the_device_nor_than_who_knows_the_bandwidth_and_races(string network, double deviceSlowness)
    {
        var arms = Scenarios.Read($"{network}/steady-16").Arms;
        foreach (var (trace, windows) in Traces())
        {
            foreach (var payload in (double[])[1, 0.1])
            {
                foreach (var isByClock in (bool[])[true, false])
                {
                    var world = World(trace, [.. arms.Select(arm => arm with { HeadMs = arm.HeadMs * deviceSlowness, PayloadBits = arm.PayloadBits * payload })], windows, isByClock);
                    var own = MeanMs(world, (setup, _) => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup));
                    var device = MeanMs(world, (setup, _) => PolicyCatalog.Create(PolicyNames.AllOnDevice, setup));
                    var reference = Enumerable.Range(0, 5).Min(lateness => MeanMs(world, (setup, place) => new LastWindow(world, setup, place, lateAfter: 0.01 + (0.5 * lateness))));
                    var what = $"{trace}, payload × {payload}, {(isByClock ? "by the clock" : "by frames")}: {own:F1} ms, device {device:F1}, reference {reference:F1}";
                    Assert.True(own < 1.01 * device, what);
                    Assert.True(own < 1.08 * reference, what);
                }
            }
        }
    }

    private static Dictionary<string, double[]> Traces()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Data("uplinks.json")));
        Assert.Equal(WindowMs, document.RootElement.GetProperty("windowMs").GetInt32());
        return document.RootElement.GetProperty("traces").EnumerateObject()
            .ToDictionary(static trace => trace.Name, static trace => trace.Value.EnumerateArray().Select(static mbps => mbps.GetDouble()).ToArray());
    }

    // The trace is repeated for as long as the frames take.
    private static Scenario World(string name, ScenarioArm[] arms, double[] windows, bool isByClock)
    {
        var frames = isByClock ? 300 : windows.Length;
        var count = isByClock ? (int)(3 * frames * arms[^1].HeadMs / WindowMs) : frames;
        return new()
        {
            Name = name,
            Frames = frames,
            Noise = 0.05,
            Arms = [.. arms],
            Servers = [new() { Link = new([.. Enumerable.Range(0, count).Select(i => (isByClock ? i * WindowMs : i, new LinkState(windows[i % windows.Length], RttMs)))]), IsLinkByClock = isByClock }],
            DeviceSlowdown = new([(0, 1)]),
            KeyFrames = [],
            Probes = true,
            LateRaces = true,
        };
    }

    private static double MeanMs(Scenario world, Func<PolicySetup, Func<int>, IPartitionPolicy> create)
    {
        var sum = 0.0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (clockMs, next) = (0.0, 0);
            var policy = create(Simulator.SetupOf(world, seed), () => world.Servers[0].IsLinkByClock ? (int)clockMs : next);
            foreach (var frame in new Simulator(world, seed).Play(policy)) (clockMs, next, sum) = (clockMs + frame.DelayMs, frame.Frame + 1, sum + frame.DelayMs);
        }

        return sum / (Seeds * world.Frames);
    }

    /// <summary>Takes the arm that is best at the bandwidth of the last window, and races a reply that is late.</summary>
    private sealed class LastWindow(Scenario world, PolicySetup setup, Func<int> place, double lateAfter) : IPartitionPolicy
    {
        public string Name => "LastWindow";

        public Decision Decide(in DecisionContext context)
        {
            var server = world.Servers[0];
            var link = server.Link.At(Math.Max(0, place() - (server.IsLinkByClock ? WindowMs : 1)));
            var best = Enumerable.Range(0, world.Choices).MinBy(choice => world.Arms[choice].HeadMs + Offload(choice));
            return new() { Arm = setup.Arms[best].Arm, LateAfterSeconds = lateAfter * Offload(best) / 1e3 };

            double Offload(int choice) => choice == world.Choices - 1 ? 0 : link.RttMs + (world.Arms[choice].PayloadBits / (link.Mbps * 1e3)) + world.Arms[choice].TailMs;
        }

        public void Observe(in Outcome outcome) { }
    }
}
