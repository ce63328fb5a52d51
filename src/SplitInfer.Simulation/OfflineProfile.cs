using System.Collections.Immutable;
using SplitInfer.Policies.Learning;

namespace SplitInfer.Simulation;

/// <summary>What profiling the server layer by layer, while nothing slows it down, would have found: a cost for each class of nodes.</summary>
internal static class OfflineProfile
{
    private const double Prior = 1e-9;

    /// <summary>A delay of 0 would stand for one that is not known.</summary>
    private const double MinSeconds = 1e-9;

    /// <summary>Tail delays by partition, s: a least-squares fit of work and nodes by class to the scenario's own. 0 where there is no arm.</summary>
    public static ImmutableArray<double> TailSeconds(Scenario scenario)
    {
        ScenarioArm[] arms = [.. scenario.Arms.SkipLast(scenario.Locals).Where(static arm => arm is { Variant: 0, Codec: 0, Exit: null }), scenario.Arms[^1]];
        var classes = arms[0].Macs.Length;
        var scale = new double[2 * classes];
        for (var c = 0; c < classes; c++)
            (scale[c], scale[classes + c]) = (Math.Max(arms.Max(a => a.Macs[c]), 1), Math.Max(arms.Max(a => a.Nodes[c]), 1));
        double[] FeaturesOf(ScenarioArm arm) => [.. arm.Macs.Concat(arm.Nodes).Select((value, i) => value / scale[i])];
        var regression = new RidgeRegression(2 * classes, Prior);
        foreach (var arm in arms.SkipLast(1)) regression.Update(FeaturesOf(arm), arm.TailMs / 1e3);
        var tails = new double[arms.Max(static arm => arm.Partition) + 1];
        foreach (var arm in arms.SkipLast(1)) tails[arm.Partition] = Math.Max(MinSeconds, regression.Predict(FeaturesOf(arm)));
        return [.. tails];
    }
}
