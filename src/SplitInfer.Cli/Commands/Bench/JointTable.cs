using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>The joint choice of variant, cut, codec, exit and server as people read it: a row for each loss of accuracy and what happens.</summary>
internal static class JointTable
{
    private const int WorstWorlds = 10;

    public static void Write(Terminal terminal, IReadOnlyList<JointRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("loss, what happens").NoWrap());
        foreach (var column in (string[])["worlds", "best single knob costs (5, 25, 50, 75, 95 %)", "with the better server for it", "oracle", "over 1 % worse", "pruning loses", "steady excess", "frames to recover"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var some in rows.GroupBy(static row => (row.Budget, row.Kind)))
        {
            var sum = JointSummary.Of([.. some]);
            table.AddRow($"{some.Key.Budget:P1} {some.Key.Kind}", $"{sum.Worlds}", Text(sum.Gain, "F2"), Text(sum.GainOverAnyServer, "F2"), Text(sum.GainOfOracle, "F2"), $"{sum.WorseBy1:P1}",
                $"{sum.MedianPruningLoss:P2}, {sum.MeanPruningLoss:P2}", $"{sum.MedianSteadyExcess:P2}, {sum.MeanSteadyExcess:P2}", Text(sum.Recovery, "F0"));
        }

        terminal.Tables.Write(table);
        table = new Table().Border(TableBorder.Simple).AddColumn("worst worlds");
        foreach (var column in (string[])["gain", "single knob", "of the oracle", "steady excess"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in rows.OrderBy(static row => row.Gain).Take(WorstWorlds)) table.AddRow(Markup.Escape(row.World), $"{row.Gain:F3}", row.SingleKnob, $"{row.GainOfOracle:F3}", $"{row.SteadyExcess:P2}");
        terminal.Tables.Write(table);
    }

    public static void Write(Terminal terminal, IReadOnlyList<JointDeadlineRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("deadline").NoWrap());
        foreach (var column in (string[])["worlds", "accuracy", "best single knob", "points more (0, 5, 25, 50, 75, 95 %)", "with the better server for it", "than the best arm", "over 0.2 points less"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var some in rows.GroupBy(static row => row.DeadlineMs))
        {
            var sum = JointDeadlineSummary.Of([.. some]);
            table.AddRow($"{some.Key} ms", $"{sum.Worlds}", $"{sum.MeanAccuracy:F1}", $"{sum.MeanSingleKnobAccuracy:F1}", Text(sum.GainPoints, "F2"), Text(sum.GainOverAnyServerPoints, "F2"), Text(sum.GainOverArmPoints, "F2"), $"{sum.WorseBy02:P1}");
        }

        terminal.Tables.Write(table);
    }

    private static string Text(double[] quantiles, string format) => string.Join(" ", quantiles.Select(value => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture)));
}
