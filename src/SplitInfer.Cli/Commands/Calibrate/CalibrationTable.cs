using Spectre.Console;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Cli.Commands.Calibrate;

/// <summary>The smallest codec within the bound at each partition, as people read it, beside the smallest lossless one.</summary>
internal static class CalibrationTable
{
    private const int BarWidth = 8, NameWidth = 20;

    /// <summary>The smallest codec that leaves enough as it was; null where none does.</summary>
    public static CalibratedCodec? BestOf(CalibratedCut cut, double minAgreement) => Smallest(cut.Codecs, result => result.Entry.IsWithin(minAgreement));

    public static void Write(Terminal terminal, IReadOnlyList<CalibratedCut> calibrated, int samples, double minAgreement)
    {
        var rows = calibrated.Select(cut => (cut.Partition, Best: BestOf(cut, minAgreement), Lossless: Smallest(cut.Codecs, IsLossless))).ToArray();
        var hasAccuracy = rows.Any(static row => row.Best?.Accuracy is not null);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("cut").RightAligned().NoWrap()).AddColumn(new TableColumn("what crosses").NoWrap()).AddColumn(new TableColumn("best codec").NoWrap());
        table.AddColumn(new TableColumn("") { Width = BarWidth, NoWrap = true });
        foreach (var column in (string[])["ratio", "agreement", "95 % sure", "error", .. hasAccuracy ? (string[])["accuracy"] : []]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("lossless").RightAligned().NoWrap());
        var largest = rows.Max(static row => row.Best?.Entry.Ratio ?? 0);
        foreach (var (partition, best, lossless) in rows)
        {
            string[] cells =
            [
                $"{partition.Index}", Markup.Escape(NameOf(partition)), best?.Entry.Codec ?? "[yellow]none[/]", .. best is null ? ["", "", "", "", ""] : Cells(best, largest, samples),
                .. hasAccuracy ? (string[])[Accuracy(best)] : [], lossless is null ? "" : $"{lossless.Entry.Ratio:F2}",
            ];
            table.AddRow(cells);
        }

        terminal.Tables.Write(table);
    }

    /// <summary>The end of a name tells values apart, so a long name loses its start.</summary>
    private static string NameOf(Partition partition)
    {
        var others = partition.Boundary.Length > 1 ? $" +{partition.Boundary.Length - 1}" : "";
        var (name, room) = (partition.Boundary[0].Name, NameWidth - others.Length);
        return (name.Length <= room ? name : $"…{name[^(room - 1)..]}") + others;
    }

    private static string[] Cells(CalibratedCodec best, double largest, int samples)
    {
        var entry = best.Entry;
        // What is lossless agrees whatever the samples are.
        var bound = entry.Agreement is not { } share || IsLossless(best) ? "" : $"≥ {WilsonInterval.Of(share, samples).Low * 100:F1} %";
        return
        [
            $"[green]{Bar.Of(entry.Ratio, largest, BarWidth)}[/]", $"{entry.Ratio:F1}", entry.Agreement is { } agreement ? $"{agreement * 100:F1} %" : "", bound, $"{entry.OutputError:G3}",
        ];
    }

    private static string Accuracy(CalibratedCodec? best) => best?.Accuracy is null ? "" : $"{best.PlainAccuracy * 100:F1} → {best.Accuracy * 100:F1} %";

    private static CalibratedCodec? Smallest(IEnumerable<CalibratedCodec> results, Func<CalibratedCodec, bool> isWanted) => results.Where(isWanted).MaxBy(static result => result.Entry.Ratio);

    /// <summary>Whether a codec changes nothing.</summary>
    public static bool IsLossless(CalibratedCodec result) => CodecNames.IsLossless(result.Entry.Codec);
}
