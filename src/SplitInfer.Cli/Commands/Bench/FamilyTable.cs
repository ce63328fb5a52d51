using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>The joint choice of variant, cut and codec as people read it: a row for each loss of accuracy, then the worlds in which it is worst.</summary>
internal static class FamilyTable
{
    private const int WorstWorlds = 10;

    public static void Write(Terminal terminal, IReadOnlyList<FamilyRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("accuracy asked for").NoWrap());
        foreach (var column in (string[])["worlds", "over 1 % worse", "over 3 % worse", "steady excess", "arms", "pruned", "pruning loses", "best single knob costs"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var budget in rows.GroupBy(static row => row.MinAccuracy)) Add($"{budget.Key:P1}", [.. budget]);
        Add("all", rows);
        terminal.Tables.Write(table);

        table = new Table().Border(TableBorder.Simple).AddColumn("worst worlds");
        foreach (var column in (string[])["over the best single knob", "which is", "steady excess"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in rows.OrderByDescending(static row => row.OverSingleKnob).Take(WorstWorlds))
            table.AddRow(Markup.Escape(row.World), $"{row.OverSingleKnob:P2}", row.SingleKnob, $"{row.SteadyExcess:P2}");
        terminal.Tables.Write(table);

        void Add(string name, IReadOnlyList<FamilyRow> some)
        {
            var sum = FamilySummary.Of(some);
            table.AddRow(name, $"{some.Count}", $"{sum.WorseBy1:P1}", $"{sum.WorseBy3:P1}", $"{sum.MeanSteadyExcess:P2}", $"{some.Average(static row => row.Arms):F0}",
                $"{some.Average(static row => row.PrunedArms):F1}", $"{sum.MeanPruningLoss:P2}", $"{sum.MedianGain:F2} times");
        }
    }
}
