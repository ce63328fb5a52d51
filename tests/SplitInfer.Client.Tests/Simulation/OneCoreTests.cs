using SplitInfer.Client.Simulation;

namespace SplitInfer.Client.Tests.Simulation;

/// <summary>A device of one core cannot race, so that every sample has its price.</summary>
public class OneCoreTests
{
    [Theory]
    [MemberData(nameof(Scenarios.All), MemberType = typeof(Scenarios))]
    public void Nothing_is_raced_and_samples_cost_little(string scenario)
    {
        var frames = Enumerable.Range(0, Scenarios.Seeds).SelectMany(seed => Scenarios.OnOneCore(scenario, seed)).ToList();
        Assert.DoesNotContain(frames, static frame => frame.IsRaced);
        Assert.InRange(ExcessOf(frames), 0, 0.15);
    }

    [Theory]
    [InlineData("vgg16/rise-4-50")]
    [InlineData("tiny-yolov2/rise-4-50")]
    public void A_link_that_becomes_faster_is_found_though_the_device_is_used_alone(string scenario)
    {
        for (var seed = 0; seed < Scenarios.Seeds; seed++)
            Assert.InRange(ExcessOf(Scenarios.OnOneCore(scenario, seed).TakeLast(30).ToList()), 0, 0.05);
    }

    private static double ExcessOf(IReadOnlyCollection<SimulatedFrame> frames) => (frames.Sum(static f => f.MeanMs) / frames.Sum(static f => f.OracleMs)) - 1;
}
