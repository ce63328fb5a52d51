using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Crowds as people read them.</summary>
internal static class CrowdTable
{
    public static void Write(Terminal terminal, IReadOnlyList<CrowdRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["clients", "who chooses"]) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (var column in (string[])["mean ms", "of optimum", "worst", "of selfish", "slowest client", "switches/min", "newcomers ms", "device", "raced", "servers busy"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in rows)
        {
            table.AddRow(
                $"{row.Clients}", Markup.Escape(row.Contender), $"{row.MeanMs:F1}", $"{row.OfOptimum:F3}", $"{row.MostOfOptimum:F3}", $"{row.OfSelfish:F3}", $"{row.WorstShare:F2}", $"{row.SwitchesPerMinute:F2}",
                row.NewcomerMs is { } newcomers ? $"{newcomers:F1}" : "–", $"{row.DeviceShare:P0}", $"{row.RacedShare:P0}", $"{row.Utilization:P0}");
        }

        terminal.Tables.Write(table);
    }
}
