using System.Collections.Immutable;
using SplitInfer.Policies.Learning;

namespace SplitInfer.Simulation;

/// <summary>What profiling the server layer by layer, while nothing slows it down, would have found: a cost for each class of nodes.</summary>
internal static class OfflineProfile
{
    private const double Prior = 1e-9;

    /// <summary>Tail delays by the arms of each server in turn and the device, s: a least-squares fit of work and nodes by class to the scenario's own.</summary>
    public static ImmutableArray<double> TailSeconds(Scenario scenario)
    {
        var arms = scenario.Arms;
        var classes = arms[0].Macs.Length;
        var scale = new double[2 * classes];
        for (var c = 0; c < classes; c++)
            (scale[c], scale[classes + c]) = (Math.Max(arms.Max(a => a.Macs[c]), 1), Math.Max(arms.Max(a => a.Nodes[c]), 1));
        double[] FeaturesOf(ScenarioArm arm) => [.. arm.Macs.Concat(arm.Nodes).Select((value, i) => value / scale[i])];
        var regression = new RidgeRegression(2 * classes, Prior);
        foreach (var arm in arms.SkipLast(1)) regression.Update(FeaturesOf(arm), arm.TailMs / 1e3);
        double[] tails = [.. arms.SkipLast(1).Select(arm => Math.Max(0, regression.Predict(FeaturesOf(arm))))];
        return [.. scenario.Servers.SelectMany(_ => tails), 0];
    }
}
