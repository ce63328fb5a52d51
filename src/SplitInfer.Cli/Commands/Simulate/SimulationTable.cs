using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Simulation;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>A simulation as people read it: a row for each stretch in which the world stays as it is.</summary>
internal static class SimulationTable
{
    public static void Write(Terminal terminal, Scenario scenario, IReadOnlyList<SimulatedFrame> frames, SimulationLine summary)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["frames", "mean ms", "oracle ms", "excess", "partition taken most", "tried", "raced"])
            table.AddColumn(new TableColumn(column).RightAligned());
        int[] bounds = [0, .. scenario.Changes, frames.Count];
        foreach (var (from, to) in bounds.Zip(bounds.Skip(1)))
        {
            var phase = frames.Skip(from).Take(to - from).ToArray();
            var (mean, oracle) = (phase.Average(static f => f.DelayMs), phase.Average(static f => f.OracleMs));
            var favourite = phase.CountBy(f => scenario.NamesServers ? $"{f.Partition} {scenario.ServerNameOf(f)}" : $"{f.Partition}").MaxBy(static c => c.Value);
            table.AddRow($"{from}–{to - 1}", $"{mean:F2}", $"{oracle:F2}", $"{mean / oracle - 1:P1}", $"{favourite.Key} ({favourite.Value} times)",
                $"{phase.Count(static f => f.IsForced)}", $"{phase.Count(static f => f.IsRaced)}");
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine($"{scenario.Name}, {summary.Frames} frames by {summary.Policy}: mean {summary.MeanMs:F2} ms, {summary.ExcessMs:F2} ms ({summary.ExcessRatio:P1}) over the oracle, 95 % within {summary.P95Ms:F2} ms");
    }
}
