using SplitInfer.Policies.Baselines;
using SplitInfer.Simulation;
using SplitInfer.Policies.Tests.Simulation;

namespace SplitInfer.Policies.Tests;

/// <summary>The published algorithm shows what its paper shows.</summary>
public class MuLinUcbPaperTests
{
    private static readonly Scenario Steady = Scenarios.Read("vgg16/steady-50");

    private static int OnDevice => Steady.Arms[^1].Partition;

    [Fact]
    public void A_forced_frame_never_runs_on_the_device_alone()
    {
        var frames = Play(new(), frames: 400);
        Assert.Contains(frames, static f => f.IsForced);
        Assert.All(frames.Where(static f => f.IsForced), static f => Assert.NotEqual(OnDevice, f.Partition));
    }

    [Fact]
    public void What_runs_on_the_device_alone_teaches_nothing()
    {
        var setup = Simulator.SetupOf(Steady, seed: 0);
        var (taught, untaught) = (new MuLinUcbPaperPolicy(setup, new()), new MuLinUcbPaperPolicy(setup, new()));
        var device = setup.Arms[^1].Arm;
        for (var i = 0; i < 50; i++)
        {
            taught.Observe(new() { Decision = new() { Arm = device }, HeadSeconds = 9, OffloadSeconds = 9 });
            Assert.Equal(untaught.Decide(default), taught.Decide(default));
        }
    }

    /// <summary>One bad stretch leads it to the device, which teaches nothing of the link that has long recovered.</summary>
    [Fact]
    public void Without_forced_samples_it_is_trapped_on_the_device_and_with_them_it_is_not()
    {
        var world = Outage();
        var trapped = Play(world, new() { ScaleFeatures = true, IsForcing = false });
        Assert.Equal(0, trapped[0].Partition);
        Assert.All(trapped.SkipWhile(static f => f.Partition == 0), static f => Assert.Equal(1, f.Partition));
        Assert.Equal(1, trapped[^1].Partition);

        var cleared = Play(world, new() { ScaleFeatures = true });
        Assert.All(cleared.Where(static f => f.IsForced), static f => Assert.Equal(0, f.Partition));
        Assert.All(cleared.TakeLast(100), static f => Assert.Equal(0, f.Partition));
    }

    [Fact]
    public void Without_noise_its_decisions_are_a_function_of_the_scenario() =>
        Assert.Equal(Play(new(), 200).Select(static f => f.Partition), Play(new(), 200).Select(static f => f.Partition));

    private static List<SimulatedFrame> Play(MuLinUcbPaperOptions options, int frames) =>
        [.. new Simulator(Steady, seed: 1).Play(new MuLinUcbPaperPolicy(Simulator.SetupOf(Steady, 1), options)).Take(frames)];

    private static List<SimulatedFrame> Play(Scenario world, MuLinUcbPaperOptions options) =>
        [.. new Simulator(world, seed: 1).Play(new MuLinUcbPaperPolicy(Simulator.SetupOf(world, 1), options))];

    // Everything on the server in 1 s, on the device in 20 s; for 40 frames the link makes the first 60 s.
    private static Scenario Outage() => new()
    {
        Name = "outage",
        Frames = 1000,
        Noise = 0,
        Arms =
        [
            new() { Partition = 0, HeadMs = 0, PayloadBits = 1e6, TailMs = 0, Macs = [1], Nodes = [1] },
            new() { Partition = 1, HeadMs = 20_000, PayloadBits = 0, TailMs = 0, Macs = [0], Nodes = [0] },
        ],
        Servers = [new() { Link = new([(0, new(1, 0)), (20, new(1 / 60.0, 0)), (60, new(1, 0))]) }],
        DeviceSlowdown = new([(0, 1)]),
        KeyFrames = [],
        Probes = false,
    };
}
