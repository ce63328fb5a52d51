using Spectre.Console;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What policies cost over the oracle, as people read it: a row for each scenario, a column for each policy.</summary>
internal static class PolicyTable
{
    public static void Write(Terminal terminal, IReadOnlyList<PolicyRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("excess over the oracle").NoWrap()).AddColumn(new TableColumn("oracle ms").RightAligned());
        foreach (var policy in PolicyBenchmark.Columns) table.AddColumn(new TableColumn(policy).RightAligned());
        foreach (var scenario in rows.GroupBy(static r => r.Scenario))
            table.AddRow([Markup.Escape(scenario.Key), $"{scenario.First().OracleMeanMs:F1}", .. scenario.Select(static r => $"{r.ExcessRatio * 100:F1} %")]);
        terminal.Tables.Write(table);
    }

    public static void Write(Terminal terminal, IReadOnlyList<DecisionRow> decisions)
    {
        foreach (var row in decisions)
            terminal.Output.WriteLine($"choosing among {row.Arms} arms and observing by {row.Policy}{(row.Objective == nameof(Objective.LeastTime) ? "" : ", most accurate by a deadline")}: {row.DecisionUs:F2} µs, of which choosing {row.ChooseUs:F2} µs, {row.AllocatedBytes:F1} bytes");
    }
}
