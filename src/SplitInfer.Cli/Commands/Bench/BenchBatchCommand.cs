using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what it gains that a server runs requests together.</summary>
internal static class BenchBatchCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var cut = new Option<int?>("--partition") { Description = "The cut behind which the server computes. [default: 0, the whole model]", HelpName = "K" };
        var maxBatch = new Option<int>("--max-batch") { Description = "The most requests that the second server runs together.", HelpName = "N", DefaultValueFactory = static _ => 16 };
        var connections = new Option<int>("--connections") { Description = "Connections that each send one request after the other.", HelpName = "N", DefaultValueFactory = static _ => 16 };
        var seconds = new Option<double>("--seconds") { Description = "How long each server is loaded at a time, nine times each.", HelpName = "S", DefaultValueFactory = static _ => 3 };
        maxBatch.Require<int>(static count => count is >= 2 and <= 256, "takes 2 to 256.");
        connections.Require<int>(static count => count is >= 1 and <= 128, "takes 1 to 128.");
        seconds.Require<double>(static length => length is >= 0.5 and <= 3600, "takes 0.5 to 3600.");
        var command = new ExplainedCommand("batch", "Loads a server that runs each request alone and one that may run several together, in turn, and compares the answers a second.",
            "splitinfer bench batch alexnet.onnx --partition 16",
            "splitinfer bench batch squeezenet.onnx --json")
        {
            file, cut, maxBatch, connections, seconds, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (lines, isJson) = (new JsonLines(terminal.Output), parsed.GetValue(options.Json));
            var (path, most) = (parsed.GetRequiredValue(file), parsed.GetValue(maxBatch));
            var execution = options.ExecutionOf(parsed);
            // As many requests run at a time as there are processors.
            if (parsed.GetResult(options.Threads) is null) execution.IntraOpThreads = 1;
            var model = terminal.While($"Planning {path}", () => PartitionedModel.Load(path, options.PlanOf(parsed), execution));
            var partition = CutOf(model, parsed.GetValue(cut) ?? 0);
            using var benchmark = new BatchBenchmark(model, partition, execution, most, parsed.GetValue(connections), TimeSpan.FromSeconds(parsed.GetValue(seconds)), TimeProvider.System);
            if (!isJson) terminal.Output.WriteLine("together at most   answers/s     p50 ms     p99 ms");
            await foreach (var row in benchmark.RunAsync(cancellationToken))
            {
                if (isJson) lines.Write(row, LineContext.Default.BatchRow);
                else Write($"{row.MaxBatch,16} {row.PerSecond,11:0.0} {row.P50Ms,10:0.0} {row.P99Ms,10:0.0}");
            }

            var summary = benchmark.Summary!;
            if (isJson) lines.Write(summary, LineContext.Default.BatchSummary);
            else Write($"Up to {most} together, the server gave {summary.Ratio:0.00} times the answers a second of one that runs each alone: {summary.TogetherPerSecond:0.0} and {summary.AlonePerSecond:0.0}. {summary.Decision ?? "The server has not said whether they run together"}.");
        });
        return command;

        void Write(FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static Partition CutOf(PartitionedModel model, int index)
    {
        var partitions = model.Plan.Partitions;
        if (index < 0 || index >= partitions.Length - 1 || !partitions[index].IsAdmissible)
            throw new UsageException($"--partition {index} has no tail, or is not admissible. 'splitinfer inspect' lists those that are.");
        if (partitions[index].Boundary.Any(static value => !value.IsStatic)) throw new UsageException($"--partition {index} passes on values whose sizes are left open. Give them by --dim, or take another one.");
        return partitions[index];
    }
}
