using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What codecs make of one boundary, as people read it: the smallest first, a bar for how many times smaller.</summary>
internal static class CodecTable
{
    private const int BarWidth = 20;

    public static void Write(Terminal terminal, Partition partition, IReadOnlyList<CodecRow> rows)
    {
        terminal.Output.WriteLine($"partition {partition.Index}: {string.Join(", ", partition.Boundary)}, {Sizes.Bytes(partition.BoundaryBytes)}");
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("codec").NoWrap()).AddColumn(new TableColumn("") { Width = BarWidth });
        foreach (var column in (string[])["ratio", "encode GB/s", "decode GB/s", "bits a value", "largest error", "PSNR dB"])
            table.AddColumn(new TableColumn(column).RightAligned());
        var best = rows.Max(static row => row.Ratio);
        foreach (var row in rows.OrderByDescending(static row => row.Ratio))
            table.AddRow(
                Markup.Escape(row.Codec), $"[green]{Bar.Of(row.Ratio, best, BarWidth)}[/]", $"{row.Ratio:F2}", $"{row.EncodeGBs:G3}", $"{row.DecodeGBs:G3}",
                $"{row.BitsPerValue:F2}", row.MaxAbsError == 0 ? "[grey]none[/]" : $"{row.MaxAbsError:G3}", row.Psnr is { } psnr ? $"{psnr:F1}" : "");
        terminal.Tables.Write(table);
    }
}
