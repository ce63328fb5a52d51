using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation.Quality;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>How accurate and how late answers are under load, as people read it.</summary>
internal static class QualityTable
{
    private const string Eighths = "▁▂▃▄▅▆▇█";

    // More misses than this are marked.
    private const double ManyMisses = 0.001;

    public static void Write(Terminal terminal, IReadOnlyList<QualityRow> rows)
    {
        double[] loads = [.. rows.Select(static row => row.Load).Distinct()];
        var best = loads.ToDictionary(static load => load, load => rows.Where(row => row.Load == load && row.Contender != nameof(QualityContender.Optimum)).Max(static row => row.Accuracy));
        Write("accuracy in time, %", static row => row.Accuracy, row => $"{row.Accuracy * 100:F1}{(row.Accuracy >= best[row.Load] && row.Contender != nameof(QualityContender.Optimum) ? "*" : " ")}");
        Write("misses, %", static row => row.Misses, static row => row.Contender == nameof(QualityContender.Optimum) ? "" : $"{row.Misses * 100:F2}{(row.Misses > ManyMisses ? "!" : " ")}");
        Write("least user of the mean, %", static row => row.LeastUserShare ?? 1, static row => row.LeastUserShare is { } share ? $"{share * 100:F1}" : "");
        var prices = rows.Where(static row => row.Contender == nameof(QualityContender.Prices)).ToArray();
        terminal.Output.WriteLine($"load: requests as a multiple of those that fit whole; * the best, ! over {ManyMisses:P1} of misses; of the bound at least {prices.Min(static row => row.OfOptimum):P1}; {prices.Max(static row => row.PriceBytesPerSecond):F0} bytes of prices a second to a server, reports of at most {prices.Max(static row => row.MostReportBytes)}");

        void Write(string what, Func<QualityRow, double> value, Func<QualityRow, string> text)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(what).NoWrap()).AddColumn(new TableColumn("").NoWrap());
            foreach (var load in loads) table.AddColumn(new TableColumn($"{load}").RightAligned().NoWrap());
            foreach (var contender in rows.GroupBy(static row => row.Contender))
            {
                var line = new string([.. contender.Select(row => Eighths[Math.Clamp((int)(value(row) * 8), 0, 7)])]);
                table.AddRow([WordsOf(contender.Key), line, .. contender.Select(text)]);
            }

            terminal.Tables.Write(table);
        }
    }

    public static void Write(Terminal terminal, IReadOnlyList<QualityWorldRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn($"{rows.Count} random worlds").NoWrap());
        foreach (var column in (string[])["worst", "1 in 20", "median", "best"]) table.AddColumn(new TableColumn(column).RightAligned());
        Add("points over the best baseline of each", static row => (row.Accuracy - row.BestBaselineAccuracy) * 100, ascending: true);
        Add("points over the shallowest exit for all", static row => (row.Accuracy - row.ShallowestAccuracy) * 100, ascending: true);
        Add("of the bound, %", static row => row.OfOptimum * 100, ascending: true);
        Add("misses, %", static row => row.Misses * 100, ascending: false);
        Add("points of misses over the shallowest exit", static row => (row.Misses - row.ShallowestMisses) * 100, ascending: false);
        terminal.Tables.Write(table);
        var behind = rows.Where(static row => row.Accuracy < row.BestBaselineAccuracy - 0.003).ToArray();
        terminal.Output.WriteLine(behind.Length == 0
            ? "in no world more than 0.3 points behind the best baseline"
            : $"in {behind.Length} worlds more than 0.3 points behind the best baseline, which there leaves {behind.Min(static row => row.BestBaselineMisses):P1} or more without an answer");

        void Add(string what, Func<QualityWorldRow, double> value, bool ascending)
        {
            double[] values = [.. ascending ? rows.Select(value).Order() : rows.Select(value).OrderDescending()];
            table.AddRow([what, .. ((double[])[values[0], values[values.Length / 20], values[values.Length / 2], values[^1]]).Select(static number => $"{number:F2}")]);
        }
    }

    private static string WordsOf(string contender) => Enum.Parse<QualityContender>(contender) switch
    {
        QualityContender.FirstCome => "whole model, first come",
        QualityContender.EarliestDeadline => "whole model, by deadline",
        QualityContender.Admission => "whole model, admission",
        QualityContender.Shallowest => "shallowest exit for all",
        QualityContender.BestFixed => "best exit for all",
        QualityContender.Threshold => "confidence alone",
        QualityContender.Greedy => "deepest in time for each",
        QualityContender.GreedyThreshold => "  and stops when sure",
        QualityContender.Prices => "SplitInfer",
        QualityContender.PricesAlone => "  without coordinator",
        QualityContender.CoordinatorKilled => "  coordinator dies",
        _ => "bound, knows arrivals",
    };
}
