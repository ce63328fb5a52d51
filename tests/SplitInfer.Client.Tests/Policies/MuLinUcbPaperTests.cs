using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.MuLinUcbPaper;
using SplitInfer.Client.Simulation;
using SplitInfer.Client.Tests.Simulation;

namespace SplitInfer.Client.Tests.Policies;

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
        var device = new Arm(setup.Arms[^1].Arm.Partition, "raw") { Index = setup.Arms.Length - 1 };
        for (var i = 0; i < 50; i++)
        {
            taught.Observe(new() { Arm = device }, new() { HeadSeconds = 9, OffloadSeconds = 9 });
            Assert.Equal(untaught.Decide(default), taught.Decide(default));
        }
    }

    [Fact]
    public void Without_forced_samples_it_is_trapped_on_the_device_and_with_them_it_is_not()
    {
        var rise = Scenarios.Read("vgg16/rise-4-50");
        var options = new Dictionary<string, string> { ["featureScale"] = "max" };
        var trapped = new Simulator(rise, 0).Play(PolicyCatalog.Create(PolicyNames.MuLinUcbPaper, Simulator.SetupOf(rise, 0), new Dictionary<string, string>(options) { ["forced"] = "false" })).ToList();
        var forced = new Simulator(rise, 0).Play(PolicyCatalog.Create(PolicyNames.MuLinUcbPaper, Simulator.SetupOf(rise, 0), options)).ToList();

        Assert.True(forced.Count(f => f.Partition != rise.Arms[^1].Partition) >= trapped.Count(f => f.Partition != rise.Arms[^1].Partition));
        Assert.Equal(0, trapped.Count(static f => f.IsForced));
        Assert.True(forced.Count(static f => f.IsForced) >= rise.Frames / 8);
    }

    [Fact]
    public void Without_noise_its_decisions_are_a_function_of_the_scenario() =>
        Assert.Equal(Play(new(), 200).Select(static f => f.Partition), Play(new(), 200).Select(static f => f.Partition));

    private static List<SimulatedFrame> Play(MuLinUcbPaperOptions options, int frames) =>
        [.. new Simulator(Steady, seed: 1).Play(new MuLinUcbPaperPolicy(Simulator.SetupOf(Steady, 1), options)).Take(frames)];
}
