using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What the default policy made of one random world by choosing variant, cut and codec together; noise left out.</summary>
/// <param name="World">The world's name.</param>
/// <param name="MinAccuracy">What its requests ask for, relative to the main variant.</param>
/// <param name="Arms">How many arms a server has.</param>
/// <param name="PrunedArms">How many of them the policy was given.</param>
/// <param name="PruningLoss">What the best of these costs over the best of all, as a part of that.</param>
/// <param name="MeanMs">Mean cost of a frame.</param>
/// <param name="OracleMeanMs">That of the best arm.</param>
/// <param name="SingleKnob">Which single knob would have been best.</param>
/// <param name="SingleKnobMs">What it would have cost.</param>
/// <param name="OverSingleKnob">Cost over that of the single knob, as a part of it; negative where the joint choice costs less.</param>
/// <param name="SteadyExcess">Cost over that of the best arm over the last frames, as a part of that.</param>
internal sealed record FamilyRow(
    string World, double MinAccuracy, int Arms, int PrunedArms, double PruningLoss, double MeanMs, double OracleMeanMs, string SingleKnob, double SingleKnobMs, double OverSingleKnob, double SteadyExcess)
{
    public static FamilyRow Play(Scenario world, int seed)
    {
        var c = FamilyComparison.Of(world, static setup => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), seed);
        return new(c.World, c.MinAccuracy, c.Arms, c.PrunedArms, c.PruningLoss, c.Cost, c.OracleCost, c.SingleKnob, c.SingleKnobCost, c.OverSingleKnob, c.SteadyExcess);
    }
}

/// <summary>All worlds together.</summary>
/// <param name="Worlds">How many.</param>
/// <param name="WorseBy1">Share of worlds in which the joint choice cost over 1 % more than the best single knob.</param>
/// <param name="WorseBy3">The same for 3 %.</param>
/// <param name="MeanSteadyExcess">Mean cost over that of the best arm over the last frames.</param>
/// <param name="MeanPruningLoss">Mean loss of pruning.</param>
/// <param name="MostArms">The most arms that were left.</param>
/// <param name="MedianGain">Median of the cost of the best single knob over that of the joint choice.</param>
internal sealed record FamilySummary(int Worlds, double WorseBy1, double WorseBy3, double MeanSteadyExcess, double MeanPruningLoss, int MostArms, double MedianGain)
{
    public static FamilySummary Of(IReadOnlyCollection<FamilyRow> rows) => new(
        rows.Count, (double)rows.Count(static row => row.OverSingleKnob > 0.01) / rows.Count, (double)rows.Count(static row => row.OverSingleKnob > 0.03) / rows.Count,
        rows.Average(static row => row.SteadyExcess), rows.Average(static row => row.PruningLoss), rows.Max(static row => row.PrunedArms),
        Median.Of([.. rows.Select(static row => row.SingleKnobMs / row.MeanMs)]));
}
