using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Cli.Commands.Evaluate;

/// <summary>What models are worth, as people read it: each beside the first.</summary>
internal static class EvaluationTable
{
    private const int BarWidth = 8, NameWidth = 30;

    public static void Write(Terminal terminal, IReadOnlyList<ModelScore> scores, string against)
    {
        var hasLabels = scores.Any(static score => score.Right is not null);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("model").NoWrap());
        foreach (var column in (string[])[.. hasLabels ? (string[])["right", "at least"] : [], "agree", "at least", "cosine", "ms"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("") { Width = BarWidth, NoWrap = true });
        foreach (var column in (string[])["faster", "size", "smaller"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        var slowest = scores.Max(static score => score.Seconds);
        foreach (var score in scores)
        {
            string[] cells =
            [
                Markup.Escape(NameOf(score.Model)), .. hasLabels ? (string[])[Percent(score.Top1), Percent(score.Top1Low)] : [], Percent(score.Agreement), Percent(score.AgreementLow),
                score.Cosine.ToString("F4", CultureInfo.InvariantCulture), Milliseconds(score.Seconds), $"[green]{Bar.Of(score.Seconds, slowest, BarWidth)}[/]", Times(scores[0].Seconds / score.Seconds),
                Sizes.Bytes(score.Bytes), Times((double)scores[0].Bytes / score.Bytes),
            ];
            table.AddRow(cells);
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine($"{scores[0].Samples} samples; agreement is with {Path.GetFileName(against)}; \"at least\" holds for all such samples with 95 % confidence; times are medians, taken in turn; faster and smaller are compared with {Path.GetFileName(scores[0].Model)}");
    }

    /// <summary>The end of a name tells models apart, so a long name loses its start.</summary>
    private static string NameOf(string path) => Path.GetFileName(path) is { Length: > NameWidth } name ? $"…{name[^(NameWidth - 1)..]}" : Path.GetFileName(path);

    private static string Percent(double? share) => share is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:F1} %") : "";

    private static string Milliseconds(double seconds) => (seconds * 1000).ToString(seconds < 0.01 ? "F2" : "F1", CultureInfo.InvariantCulture);

    private static string Times(double factor) => string.Create(CultureInfo.InvariantCulture, $"{factor:F2}×");
}
