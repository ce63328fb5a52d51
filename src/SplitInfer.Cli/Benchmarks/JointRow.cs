using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What the default policy made of one random world by choosing variant, cut, codec, exit and server together; noise left out.</summary>
/// <param name="World">The world's name.</param>
/// <param name="Kind">What happens in it.</param>
/// <param name="Budget">The loss of accuracy that is acceptable.</param>
/// <param name="Arms">How many arms a server has.</param>
/// <param name="PrunedArms">How many of them the policy was given.</param>
/// <param name="LocalArms">How many arms that run on the device alone it was given.</param>
/// <param name="PruningLoss">What the best of these costs over the best of all, as a part of that.</param>
/// <param name="MeanMs">Mean cost of a frame.</param>
/// <param name="OracleMeanMs">That of the best arm of each frame.</param>
/// <param name="SingleKnob">Which single knob would have been best.</param>
/// <param name="SingleKnobMs">What it would have cost.</param>
/// <param name="Gain">How many times as much that is.</param>
/// <param name="GainOverAnyServer">The same where each knob may use the better server for it.</param>
/// <param name="GainOfOracle">How many times as much it is as the best arm of each frame.</param>
/// <param name="BestExit">Whether the best arm has an exit.</param>
/// <param name="SteadyExcess">Cost over that of the best arm over the last frames, as a part of that.</param>
/// <param name="Recovery">Frames after what happens until the cost is near that of the best arm; -1 where nothing happens.</param>
internal sealed record JointRow(
    string World, string Kind, double Budget, int Arms, int PrunedArms, int LocalArms, double PruningLoss, double MeanMs, double OracleMeanMs, string SingleKnob, double SingleKnobMs,
    double Gain, double GainOverAnyServer, double GainOfOracle, bool BestExit, double SteadyExcess, int Recovery)
{
    public static JointRow Play(Scenario world, JointKind kind, double budget, int seed)
    {
        var c = JointComparison.Of(world, static setup => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), seed);
        return new(c.World, kind.ToString(), budget, c.Arms, c.PrunedArms, c.LocalArms, c.PruningLoss, c.Cost, c.OracleCost, c.SingleKnob, c.SingleKnobCost,
            c.Gain, c.GainOverAnyServer, c.GainOfOracle, c.BestExit, c.SteadyExcess, c.Recovery);
    }
}

/// <summary>Some worlds together.</summary>
/// <param name="Kind">What happens in them.</param>
/// <param name="Budget">The loss of accuracy that is acceptable.</param>
/// <param name="Worlds">How many.</param>
/// <param name="Gain">Quantiles of how many times as much the best single knob costs: 5, 25, 50, 75 and 95 %.</param>
/// <param name="GainOverAnyServer">The same where each knob may use the better server for it.</param>
/// <param name="GainOfOracle">The same for the best arm of each frame.</param>
/// <param name="WorseBy1">Share of worlds in which the joint choice cost over 1 % more than the best single knob.</param>
/// <param name="MedianPruningLoss">Median loss of pruning.</param>
/// <param name="MeanPruningLoss">Its mean.</param>
/// <param name="MostArms">The most arms of a server that were left.</param>
/// <param name="MedianSteadyExcess">Median cost over that of the best arm over the last frames.</param>
/// <param name="MeanSteadyExcess">Its mean.</param>
/// <param name="Recovery">Quantiles of the frames after what happens until the cost is near that of the best arm; none where nothing happens.</param>
internal sealed record JointSummary(
    string Kind, double Budget, int Worlds, double[] Gain, double[] GainOverAnyServer, double[] GainOfOracle, double WorseBy1, double MedianPruningLoss, double MeanPruningLoss, int MostArms,
    double MedianSteadyExcess, double MeanSteadyExcess, double[] Recovery)
{
    private static readonly double[] Shares = [0.05, 0.25, 0.5, 0.75, 0.95];

    public static JointSummary Of(IReadOnlyCollection<JointRow> rows) => new(
        rows.First().Kind, rows.First().Budget, rows.Count, Quantiles(rows.Select(static row => row.Gain)), Quantiles(rows.Select(static row => row.GainOverAnyServer)), Quantiles(rows.Select(static row => row.GainOfOracle)),
        (double)rows.Count(static row => row.Gain < 1 / 1.01) / rows.Count, Median.Of(rows.Select(static row => row.PruningLoss)), rows.Average(static row => row.PruningLoss), rows.Max(static row => row.PrunedArms),
        Median.Of(rows.Select(static row => row.SteadyExcess)), rows.Average(static row => row.SteadyExcess), Quantiles(rows.Where(static row => row.Recovery >= 0).Select(static row => (double)row.Recovery)));

    private static double[] Quantiles(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? [] : [.. Shares.Select(share => sorted[(int)Math.Round(share * (sorted.Length - 1))])];
    }
}
