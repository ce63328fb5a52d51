using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests;

public class PolicyOptionsTests
{
    [Theory]
    [InlineData(PolicyNames.MuLinUcb, "forcedInterval, hedgeRisk, lateRisk, optimism")]
    [InlineData(PolicyNames.MuLinUcbPaper, "featureScale, forced, prior")]
    [InlineData(PolicyNames.LinUcb, "alpha, prior")]
    [InlineData(PolicyNames.EpsilonGreedy, "epsilon, prior")]
    [InlineData(PolicyNames.Neurosurgeon, "gain, initialMbps, macsPerSecond")]
    [InlineData(PolicyNames.MdInferencePaper, "gamma")]
    [InlineData(PolicyNames.Fixed, "codec, partition")]
    [InlineData(PolicyNames.AllOnDevice, "none")]
    public void An_unknown_option_is_refused_with_a_list_of_those_there_are(string policy, string keys)
    {
        var message = Assert.Throws<PolicyOptionException>(() => Create(policy, "colour", "blue")).Message;
        Assert.Contains("colour", message, StringComparison.Ordinal);
        Assert.Contains(keys, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PolicyNames.MuLinUcb, "optimism", "-1")]
    [InlineData(PolicyNames.MuLinUcb, "forcedInterval", "0")]
    [InlineData(PolicyNames.MuLinUcb, "lateRisk", "1.5")]
    [InlineData(PolicyNames.MdInferencePaper, "gamma", "-1")]
    [InlineData(PolicyNames.MuLinUcbPaper, "featureScale", "min")]
    [InlineData(PolicyNames.MuLinUcbPaper, "prior", "0")]
    [InlineData(PolicyNames.MuLinUcbPaper, "forced", "perhaps")]
    [InlineData(PolicyNames.LinUcb, "alpha", "NaN")]
    [InlineData(PolicyNames.EpsilonGreedy, "epsilon", "1.5")]
    [InlineData(PolicyNames.Neurosurgeon, "gain", "0")]
    [InlineData(PolicyNames.Fixed, "partition", "999")]
    public void A_value_out_of_range_is_refused_by_name(string policy, string key, string value)
    {
        var message = Assert.Throws<PolicyOptionException>(() => Create(policy, key, value)).Message;
        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Contains(value, message, StringComparison.Ordinal);
    }

    private static IPartitionPolicy Create(string policy, string key, string value) =>
        PolicyCatalog.Create(policy, Simulator.SetupOf(RandomWorld.Create(WorldKind.Steady, 1), seed: 0), new Dictionary<string, string> { [key] = value });
}
