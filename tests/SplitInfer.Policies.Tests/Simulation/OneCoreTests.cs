using SplitInfer.Simulation;

namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>On one core all that is measured is doubted more. Where the device may not race either, every sample has its price.</summary>
public class OneCoreTests
{
    [Theory]
    [MemberData(nameof(Scenarios.All), MemberType = typeof(Scenarios))]
    public void Races_cost_as_little_as_on_many_cores(string scenario) => Assert.InRange(ExcessOf(Play(scenario, canRace: true)), 0, 0.05);

    [Theory]
    [MemberData(nameof(Scenarios.All), MemberType = typeof(Scenarios))]
    public void Without_races_nothing_is_raced_and_samples_cost_little(string scenario)
    {
        var frames = Play(scenario, canRace: false);
        Assert.DoesNotContain(frames, static frame => frame.IsRaced);
        Assert.InRange(ExcessOf(frames), 0, 0.15);
    }

    [Theory]
    [InlineData("vgg16/rise-4-50")]
    [InlineData("tiny-yolov2/rise-4-50")]
    public void A_link_that_becomes_faster_is_found_though_the_device_is_used_alone(string scenario)
    {
        foreach (var canRace in (bool[])[true, false])
            for (var seed = 0; seed < Scenarios.Seeds; seed++)
                Assert.InRange(ExcessOf([.. Scenarios.OnOneCore(scenario, seed, canRace).TakeLast(30)]), 0, 0.05);
    }

    private static List<SimulatedFrame> Play(string scenario, bool canRace) =>
        [.. Enumerable.Range(0, Scenarios.Seeds).SelectMany(seed => Scenarios.OnOneCore(scenario, seed, canRace))];

    private static double ExcessOf(IReadOnlyCollection<SimulatedFrame> frames) => (frames.Sum(static f => f.MeanMs) / frames.Sum(static f => f.OracleMs)) - 1;
}
