using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What splitting costs, as people read it.</summary>
internal static class OverheadTable
{
    public static void Write(Terminal terminal, IReadOnlyList<OverheadRow> rows, OverheadSummary summary)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["partition", "head ms", "tail ms", "whole ms", "ratio", "plain session ms", "ratio"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in rows)
            table.AddRow($"{row.Partition}", $"{row.HeadMs:F2}", $"{row.TailMs:F2}", $"{row.WholeMs:F2}", $"{row.Ratio:F3}", $"{row.RawWholeMs:F2}", $"{row.RawRatio:F3}");
        terminal.Tables.Write(table);
        terminal.Output.WriteLine($"head and tail over the whole: median {summary.MedianRatio:F3}, at most {summary.MaxRatio:F3}; over a plain session on the file: median {summary.MedianRawRatio:F3}");
        terminal.Output.WriteLine($"memory of all arms' segments: {summary.SegmentsKiB / 1024:F1} MiB, {summary.MemoryRatio:F2} times one whole session ({summary.WholeKiB / 1024:F1} MiB)");
    }
}
