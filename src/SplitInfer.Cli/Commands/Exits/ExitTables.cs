using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>Exits as people read them.</summary>
internal static class ExitTables
{
    private const int BarWidth = 10, NameWidth = 26;

    // What binary fractions are off by, such as 0.995 · 10⁴.
    private const double Rounding = 1e-6;

    /// <summary>What was tried, and what became of it.</summary>
    public static void Write(Terminal terminal, MadeExits made, string path)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("cut").RightAligned().NoWrap()).AddColumn(new TableColumn("what crosses").NoWrap());
        foreach (var column in (string[])["features", "computed"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("") { Width = BarWidth, NoWrap = true });
        foreach (var column in (string[])["agree", "may save", "leave", "when sure of"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var cut in made.Considered)
        {
            var exit = made.Exits.Find(cut.Partition.Index);
            table.AddRow(
                $"{cut.Partition.Index}", Markup.Escape(NameOf(cut)), $"{cut.Features}", Percent(cut.Computation), $"[green]{Bar.Of(Math.Min(1, cut.Computation), 1, BarWidth)}[/]", Percent(cut.Agreement), Percent(Math.Max(0, cut.Saving)),
                exit is null ? "" : $"[green]{Percent(exit.ExitRate)}[/]", exit is null ? "" : Sure(exit.Threshold));
        }

        terminal.Tables.Write(table);
        var promise = made.Exits.Promise;
        terminal.Output.WriteLine($"{made.Exits.Exits.Length} {(made.Exits.Exits.Length == 1 ? "exit" : "exits")}, kept in {path}: {Percent(promise.ExitRate)} of samples leave early, which saves {Percent(made.Saving)} of the computation. 'agree' counts all answers of an exit, and only those answer that it is sure of; 'may save' is what an exit was expected to save alone.");
        terminal.Output.WriteLine(
            $"With {promise.Confidence * 100:0.##} % confidence at most {Loss(promise.LossHigh)} of answers differ from the model's: {promise.Errors} of {promise.ThresholdSamples} samples did that were kept for it; {promise.TrainingSamples} others trained, {promise.CalibrationSamples} calibrated");
    }

    /// <summary>What left where.</summary>
    public static void Write(Terminal terminal, ExitTestReport report, ModelExits exits)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("left at").NoWrap()).AddColumn(new TableColumn("share").RightAligned().NoWrap()).AddColumn(new TableColumn("") { Width = BarWidth, NoWrap = true });
        foreach (var column in (string[])["agree", .. report.Accuracy is null ? (string[])[] : ["right"], "ms"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var row in report.Rows)
        {
            string[] cells =
            [
                row.Partition is { } partition ? $"cut {partition}" : "the end", Percent(row.Share), $"[green]{Bar.Of(row.Share, 1, BarWidth)}[/]", Fine(row.Agreement), .. report.Accuracy is null ? (string[])[] : [Fine(row.Accuracy)], Milliseconds(row.Ms),
            ];
            table.AddRow(cells);
        }

        string[] all = ["all", Percent(1), "", Fine(report.Agreement), .. report.Accuracy is null ? (string[])[] : [Fine(report.Accuracy)], Milliseconds(report.MeanMs)];
        string[] plain = ["without exits", "", "", "", .. report.Accuracy is null ? (string[])[] : [Fine(report.FullAccuracy)], Milliseconds(report.FullMs)];
        table.AddRow(all).AddRow(plain);
        terminal.Tables.Write(table);
        terminal.Output.WriteLine(
            $"{report.Samples} samples: {Percent(report.ExitRate)} leave early, {Speed(report.FullMs / report.MeanMs)} in the mean; {Fine(report.Agreement)} of answers are the model's, at least {Fine(report.AgreementLow)} of all such with 95 % confidence, where {Fine(1 - exits.Promise.MaxLoss)} was promised. That holds of samples that the exits were not made with.");
    }

    /// <summary>The end of a name tells values apart, so a long name loses its start.</summary>
    private static string NameOf(ConsideredCut cut)
    {
        var others = cut.Partition.Boundary.Length > 1 ? $" +{cut.Partition.Boundary.Length - 1}" : "";
        var (name, room) = (cut.Partition.Boundary[0].Name, NameWidth - others.Length);
        return (name.Length <= room ? name : $"…{name[^(room - 1)..]}") + others;
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %");

    // Down, since one answer of 30,000 that differs is not none, and a lower bound is one.
    private static string Fine(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{Math.Floor((value * 1e4) + Rounding) / 100:F2} %") : "";

    // Up, since it is an upper bound.
    private static string Loss(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling((share * 1e5) - Rounding) / 1000:0.###} %");

    // Rounded, 0.99996 would be certainty.
    private static string Sure(double threshold) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(threshold * 1e6) / 1e4:0.####} %");

    private static string Milliseconds(double? ms) => ms is { } value ? value.ToString(value < 10 ? "F3" : "F1", CultureInfo.InvariantCulture) : "";

    private static string Speed(double factor) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(factor, 1 / factor):F2} times {(factor < 1 ? "slower" : "faster")}");
}
