using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Crowds;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Crowds as people read them.</summary>
internal static class CrowdTable
{
    public static void Write(Terminal terminal, IReadOnlyList<CrowdRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["clients", "who chooses"]) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (var column in (string[])["mean ms", "of best", "worst", "of selfish", "slowest", "turns", "new ms", "device", "raced", "busy"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var row in rows)
        {
            table.AddRow(
                $"{row.Clients}", WordsOf(row.Contender), $"{row.MeanMs:F1}", $"{row.OfOptimum:F3}", $"{row.MostOfOptimum:F3}", $"{row.OfSelfish:F3}", $"{row.WorstShare:F2}", $"{row.SwitchesPerMinute:F2}",
                row.NewcomerMs is { } newcomers ? $"{newcomers:F1}" : "–", $"{row.DeviceShare:P0}", $"{row.RacedShare:P0}", $"{row.Utilization:P0}");
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine("of best, of selfish: mean as a multiple of that of the optimum (worst: in the worst world) and of selfish play; slowest: mean of the slowest client over that of all");
        terminal.Output.WriteLine("turns: how often a client turned to another arm, in a minute; new: the first 100 frames of those who come late; device, raced: parts of frames; busy: part of the servers' places");
    }

    private static string WordsOf(string contender) => Enum.Parse<CrowdContender>(contender) switch
    {
        CrowdContender.Shared => "with prices",
        CrowdContender.Selfish => "selfish",
        CrowdContender.Published => "published μLinUCB",
        CrowdContender.AllOnDevice => "all on the devices",
        CrowdContender.AllOnServer => "all on the servers",
        CrowdContender.Optimum => "optimum",
        _ => contender,
    };
}
