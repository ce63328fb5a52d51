using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures how long plans of very large graphs take.</summary>
internal static class BenchPlanCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var chain = Nodes("--chain", "Nodes of a chain, each of which reads the one before it.", 100_000, most: 1_000_000);
        var dense = Nodes("--dense", "Nodes of a dense graph, each of which reads all before it.", 3_000, most: 10_000);
        var command = new ExplainedCommand("plan", "Times the planning of graphs that are far larger, or far denser, than those of real models.",
            "splitinfer bench plan",
            "splitinfer bench plan --chain 20000 --dense 1500 --json")
        {
            chain, dense,
        };
        command.SetAction(parsed =>
        {
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            if (!isJson) terminal.Output.WriteLine("graph      nodes      edges          file    read ms    plan ms     cpu ms");
            foreach (var row in new PlanBenchmark(TimeProvider.System, options.ExecutionOf(parsed)).Run(parsed.GetValue(chain), parsed.GetValue(dense)))
            {
                if (isJson) lines.Write(row, LineContext.Default.PlanRow);
                else terminal.Output.WriteLine($"{row.Graph,-6} {row.Nodes,9} {row.Edges,10} {Sizes.Bytes(row.FileBytes),13} {row.ReadMs,10:0} {row.PlanMs,10:0} {row.CpuMs,10:0}");
            }
        });
        return command;
    }

    private static Option<int> Nodes(string name, string description, int count, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => count };
        option.Require<int>(nodes => nodes >= 1 && nodes <= most, $"takes 1 to {most}.");
        return option;
    }
}
