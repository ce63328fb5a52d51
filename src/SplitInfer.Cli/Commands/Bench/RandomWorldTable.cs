using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What policies cost over the oracle in random worlds, noise left out: a row for each kind of world, then the worlds that are worst for the default.</summary>
internal static class RandomWorldTable
{
    private const int WorstWorlds = 10;

    /// <summary>Being behind by no more than this is being as good.</summary>
    private const double Tolerance = 0.002;

    public static void Write(Terminal terminal, IReadOnlyList<PolicyRow> rows)
    {
        WriteExcess(terminal, rows);
        var worlds = rows.GroupBy(static r => r.Scenario).Select(static g => WorldComparison.Of([.. g])).ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumn("better than the default by more than 0.2 points").AddColumn(new TableColumn("worlds").RightAligned());
        foreach (var policy in PolicyBenchmark.Columns.Where(static p => p != PolicyNames.MuLinUcb))
            table.AddRow(policy, $"{worlds.Count(w => w.Excess > ExcessOf(rows, w.World, policy) + Tolerance)} of {worlds.Length}");
        terminal.Tables.Write(table);

        table = new Table().Border(TableBorder.Simple).AddColumn("worst worlds for the default");
        foreach (var column in (string[])["excess", "best other", "its excess", "points behind"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var world in worlds.OrderByDescending(static w => w.Lag).Take(WorstWorlds))
            table.AddRow(Markup.Escape(world.World), Percent(world.Excess), world.BestBaseline, Percent(world.BestExcess), $"{world.Lag * 100:F2}");
        terminal.Tables.Write(table);
    }

    private static void WriteExcess(Terminal terminal, IReadOnlyList<PolicyRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("mean excess").NoWrap()).AddColumn(new TableColumn("worlds").RightAligned());
        foreach (var policy in PolicyBenchmark.Columns) table.AddColumn(new TableColumn(policy).RightAligned());
        foreach (var kind in rows.GroupBy(static r => r.Scenario.Split('/')[^2])) Add(kind.Key, [.. kind]);
        Add("all", rows);
        terminal.Tables.Write(table);

        void Add(string name, IReadOnlyList<PolicyRow> some) => table.AddRow(
        [
            name, $"{some.Count / PolicyBenchmark.Columns.Count}",
            .. PolicyBenchmark.Columns.Select(policy => Percent(some.Where(r => r.Policy == policy).Average(static r => r.NoiseFreeExcessRatio))),
        ]);
    }

    private static double ExcessOf(IReadOnlyList<PolicyRow> rows, string world, string policy) =>
        rows.First(r => r.Scenario == world && r.Policy == policy).NoiseFreeExcessRatio;

    private static string Percent(double ratio) => ratio < 0.1 ? $"{ratio:P2}" : $"{ratio:P0}";
}
