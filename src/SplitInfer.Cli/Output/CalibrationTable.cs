using SplitInfer.Cli.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using Spectre.Console;

namespace SplitInfer.Cli.Output;

/// <summary>The smallest codec within the bound at each partition, as people read it, beside the smallest lossless one.</summary>
internal static class CalibrationTable
{
    private const int BarWidth = 12;

    public static void Write(Terminal terminal, IReadOnlyList<(Partition Partition, IReadOnlyList<CalibratedCodec> Results)> calibrated, double minAgreement)
    {
        var rows = calibrated.Select(cut => (cut.Partition, Best: Smallest(cut.Results, result => result.Entry.IsWithin(minAgreement)), Lossless: Smallest(cut.Results, IsLossless))).ToArray();
        var hasAccuracy = rows.Any(static row => row.Best?.Accuracy is not null);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("cut").RightAligned()).AddColumn(new TableColumn("what crosses").NoWrap()).AddColumn(new TableColumn("smallest within the bound").NoWrap());
        table.AddColumn(new TableColumn("") { Width = BarWidth });
        foreach (var column in (string[])["ratio", "payload", "agreement", "error", .. hasAccuracy ? (string[])["accuracy"] : []]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("lossless").NoWrap());
        var largest = rows.Max(static row => row.Best?.Entry.Ratio ?? 0);
        foreach (var (partition, best, lossless) in rows)
        {
            var what = partition.Boundary is [var only] ? only.Name : $"{partition.Boundary[0].Name} and {partition.Boundary.Length - 1} more";
            string[] cells =
            [
                $"{partition.Index}", Markup.Escape(what), best?.Entry.Codec ?? "[yellow]none[/]", .. best is null ? ["", "", "", "", ""] : Cells(best, largest),
                .. hasAccuracy ? (string[])[Accuracy(best)] : [], lossless is null ? "" : $"{lossless.Entry.Ratio:F1} {lossless.Entry.Codec}",
            ];
            table.AddRow(cells);
        }

        terminal.Tables.Write(table);
    }

    private static string[] Cells(CalibratedCodec best, double largest)
    {
        var entry = best.Entry;
        return
        [
            $"[green]{Bar.Of(entry.Ratio, largest, BarWidth)}[/]", $"{entry.Ratio:F1}", Sizes.Bytes(entry.PayloadBytes),
            entry.Agreement is { } agreement ? $"{agreement * 100:F1} %" : "", $"{entry.OutputError:G3}",
        ];
    }

    private static string Accuracy(CalibratedCodec? best) => best?.Accuracy is null ? "" : $"{best.PlainAccuracy * 100:F1} → {best.Accuracy * 100:F1} %";

    private static CalibratedCodec? Smallest(IEnumerable<CalibratedCodec> results, Func<CalibratedCodec, bool> isWanted) => results.Where(isWanted).MaxBy(static result => result.Entry.Ratio);

    private static bool IsLossless(CalibratedCodec result) => CodecRegistry.Default.TryGet(result.Entry.Codec, out var codec) && codec.IsLossless;
}
