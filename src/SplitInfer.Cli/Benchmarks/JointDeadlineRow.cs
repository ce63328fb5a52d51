using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>How accurate what the default policy had at the deadline was in one random world, in per cent.</summary>
/// <param name="World">The world's name.</param>
/// <param name="DeadlineMs">The deadline.</param>
/// <param name="Accuracy">Mean accuracy at the deadline.</param>
/// <param name="SingleKnob">Which single knob would have been best.</param>
/// <param name="SingleKnobAccuracy">Its mean accuracy.</param>
/// <param name="GainPoints">How many points that is less.</param>
/// <param name="GainOverAnyServerPoints">The same where each knob may use the better server for it.</param>
/// <param name="GainOverArmPoints">The same for the best arm of all, taken for all frames.</param>
internal sealed record JointDeadlineRow(string World, double DeadlineMs, double Accuracy, string SingleKnob, double SingleKnobAccuracy, double GainPoints, double GainOverAnyServerPoints, double GainOverArmPoints)
{
    public static JointDeadlineRow Play(Scenario world, double deadlineMs, int seed)
    {
        var c = DeadlineComparison.Of(world, deadlineMs, static setup => PolicyCatalog.Create(PolicyNames.MuLinUcb, setup), seed);
        return new(c.World, deadlineMs, 100 * c.Accuracy, c.SingleKnob, 100 * c.SingleKnobAccuracy, 100 * c.Gain, 100 * (c.Accuracy - c.AnyServerAccuracy), 100 * (c.Accuracy - c.ArmAccuracy));
    }
}

/// <summary>All worlds of one deadline together; gains in points, as quantiles of 0, 5, 25, 50, 75 and 95 %.</summary>
/// <param name="DeadlineMs">The deadline.</param>
/// <param name="Worlds">How many.</param>
/// <param name="GainPoints">Accuracy over that of the best single knob.</param>
/// <param name="GainOverAnyServerPoints">The same where each knob may use the better server for it.</param>
/// <param name="GainOverArmPoints">Accuracy over that of the best arm of all, taken for all frames.</param>
/// <param name="WorseBy02">Share of worlds in which it was over 0.2 points below the best single knob.</param>
/// <param name="MeanAccuracy">Mean accuracy.</param>
/// <param name="MeanSingleKnobAccuracy">That of the best single knob.</param>
internal sealed record JointDeadlineSummary(double DeadlineMs, int Worlds, double[] GainPoints, double[] GainOverAnyServerPoints, double[] GainOverArmPoints, double WorseBy02, double MeanAccuracy, double MeanSingleKnobAccuracy)
{
    private static readonly double[] Shares = [0, 0.05, 0.25, 0.5, 0.75, 0.95];

    public static JointDeadlineSummary Of(IReadOnlyCollection<JointDeadlineRow> rows) => new(
        rows.First().DeadlineMs, rows.Count, Quantiles(rows.Select(static row => row.GainPoints)), Quantiles(rows.Select(static row => row.GainOverAnyServerPoints)), Quantiles(rows.Select(static row => row.GainOverArmPoints)),
        (double)rows.Count(static row => row.GainPoints < -0.2) / rows.Count, rows.Average(static row => row.Accuracy), rows.Average(static row => row.SingleKnobAccuracy));

    private static double[] Quantiles(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return [.. Shares.Select(share => sorted[(int)Math.Round(share * (sorted.Length - 1))])];
    }
}
