using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Policies;
using SplitInfer.Simulation.Families;

namespace SplitInfer.Cli.Commands.Simulate;

/// <summary>Plays a policy in every cell of a family, and prints what it and others made of it.</summary>
internal static class FamilyRun
{
    public static void Play(Terminal terminal, FamilyScenario scenario, string name, Func<PolicySetup, IPartitionPolicy> create, int seed, bool isJson, CancellationToken cancellationToken)
    {
        var lines = isJson ? new JsonLines(terminal.Output) : null;
        var cells = new List<FamilyCell>();
        foreach (var network in scenario.Networks)
        {
            foreach (var deadline in scenario.DeadlinesMs)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var cell = FamilyCell.Play(scenario, network, deadline, () => create(FamilySimulator.SetupOf(scenario, seed: seed)), seed);
                cells.Add(cell);
                lines?.Write(FamilyCellLine.Of(scenario, cell, name), LineContext.Default.FamilyCellLine);
            }
        }

        var summary = FamilySummaryLine.Of(scenario, name, cells);
        if (lines is not null) lines.Write(summary, LineContext.Default.FamilySummaryLine);
        else Write(terminal, name, cells, summary);
    }

    private static void Write(Terminal terminal, string name, List<FamilyCell> cells, FamilySummaryLine summary)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("accuracy at the deadline, %").NoWrap());
        foreach (var column in (string[])[name, "late", "hedged", "device alone", "nothing", "best static", "published", "with oracle", "informed"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var cell in cells)
        {
            var own = cell.Result;
            table.AddRow($"{Markup.Escape(cell.Network)} {cell.DeadlineMs:0.#} ms", Percent(own.Accuracy), Percent(own.LateShare), Percent(own.HedgedShare), Percent(own.DeviceShare), Nothing(own.NothingShare),
                $"{Percent(cell.StaticAccuracy)} {Markup.Escape(cell.BestStatic)}", Percent(cell.Published.Accuracy), Percent(cell.PublishedWithOracle.Accuracy), Percent(cell.InformedAccuracy));
        }

        terminal.Tables.Write(table);
        terminal.Output.WriteLine(
            $"{summary.Family}, {summary.Cells} cells by {name}: mean {Percent(summary.MeanAccuracy)} %, best static {Percent(summary.MeanStaticAccuracy)} %, published {Percent(summary.MeanPublishedAccuracy)} %, " +
            $"informed {Percent(summary.MeanInformedAccuracy)} %; at least {summary.LeastGainOverStatic * 100:+0.00;−0.00} points over the best static; the device ran beside a server for {Percent(summary.HedgedShare)} % of the requests, {Nothing(cells.Average(static cell => cell.Result.NothingShare))} % had no answer");
    }

    // A few in ten thousand count, and must not look like none.
    private static string Nothing(double part) => $"{part * 100:F2}";

    private static string Percent(double part) => $"{part * 100:F1}";
}
