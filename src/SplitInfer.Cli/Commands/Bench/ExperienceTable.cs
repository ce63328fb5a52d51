using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Experience;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Who made users how content, as people read it.</summary>
internal static class ExperienceTable
{
    public static void Write(Terminal terminal, IReadOnlyList<ExperienceRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("content of the oracle's, %").NoWrap());
        foreach (var column in (string[])["new devices", "worst world", "first session", "from 5 ratings", "95 % from", "asked", "bytes a day"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in rows)
        {
            table.AddRow(WordsOf(row.Contender), Percent(row.Ratio), Percent(row.LeastRatio), Percent(row.FirstRatio), row.RatioAfterFive is { } after ? Percent(after) : "",
                row.RatingsTo95 is { } ratings && row.AskedShare > 0 ? $"{ratings} ratings" : "", row.AskedShare > 0 ? Percent(row.AskedShare) : "", row.UploadBytesPerDay > 0 ? $"{row.UploadBytesPerDay:F0}" : "");
        }

        terminal.Tables.Write(table);
        double ContentOf(ExperienceContender contender) => rows.First(row => row.Contender == $"{contender}").Content;
        var own = ContentOf(ExperienceContender.Shared);
        terminal.Output.WriteLine(
            $"{rows[0].Worlds} worlds: over the best static variant {Gain(ExperienceContender.BestStatic)}, over least time {Gain(ExperienceContender.LeastTime)}; careless raters {Change(ExperienceContender.SharedCareless)}, " +
            $"asking always {Change(ExperienceContender.SharedAlwaysAsking)}; no device sent more than {rows.Max(static row => row.MostUploadBytes)} bytes in a day");

        string Gain(ExperienceContender than) => $"{(own / ContentOf(than)) - 1:+0.0 %;−0.0 %}";
        string Change(ExperienceContender with) => $"{(ContentOf(with) / own) - 1:+0.0 %;−0.0 %}";
    }

    private static string WordsOf(string contender) => Enum.Parse<ExperienceContender>(contender) switch
    {
        ExperienceContender.Shared => "SplitInfer",
        ExperienceContender.SharedCareless => "  1 in 20 users careless",
        ExperienceContender.SharedAlwaysAsking => "  asks in every session",
        ExperienceContender.SharedWithoutSignals => "  no implicit signals",
        ExperienceContender.SharedWithoutTaste => "  one taste for all",
        ExperienceContender.Alone => "  nothing shared",
        ExperienceContender.AloneAlwaysAsking => "  nothing shared, asks always",
        ExperienceContender.BestStatic => "best static variant",
        ExperienceContender.BestStaticOfClass => "best static of each class",
        ExperienceContender.LeastTime => "least time",
        ExperienceContender.MostAccurate => "most accurate",
        _ => "oracle",
    };

    private static string Percent(double part) => $"{part * 100:F1}";
}
