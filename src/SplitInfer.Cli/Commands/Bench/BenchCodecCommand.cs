using System.CommandLine;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what codecs make of the boundaries of a model.</summary>
internal static class BenchCodecCommand
{
    private const int InputSeed = 1;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var input = new Option<string[]>("--input") { Description = "Input as a .npy or .pb file; NAME=FILE where the model has several. Inputs that are not given are made up.", HelpName = "F.npy" };
        var partitions = new Option<string>("--partitions") { Description = "Whose boundaries: all, arms, or a list such as 0,4,19.", HelpName = "WHICH", DefaultValueFactory = static _ => PartitionChoice.Arms };
        var codecs = SharedOptions.Codecs("Measure this codec only.");
        var command = new ExplainedCommand("codec", "Measures size, speed and error of codecs on one thread, beside the compression tools of this machine.",
            "splitinfer bench codec squeezenet.onnx --input photograph.npy",
            "splitinfer bench codec squeezenet.onnx --input photograph.npy --partitions 3,18 --codec ZeroBitmapEntropy --codec Quantized8 --json")
        {
            file, input, partitions, codecs, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (path, execution) = (parsed.GetRequiredValue(file), options.ExecutionOf(parsed));
            using var model = terminal.While($"Planning {path}", () => ModelWithInputs.Load(
                path, names => TensorFiles.Read(parsed.GetValue(input) ?? [], names), options.PlanOf(parsed), execution, InputSeed));
            var benchmark = new CodecBenchmark(model.Model, model.Inputs, SharedOptions.CodecsOf(parsed, codecs), execution, TimeProvider.System);
            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var measured = new List<(Partition Partition, List<CodecRow> Rows)>();
            await terminal.TrackAsync(Path.GetFileName(path), PartitionChoice.Of(parsed.GetRequiredValue(partitions), model.Model.Plan), partition =>
            {
                measured.Add((partition, []));
                try
                {
                    foreach (var row in benchmark.Run(partition))
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        measured[^1].Rows.Add(row);
                        lines?.Write(row, LineContext.Default.CodecRow);
                    }
                }
                catch (EngineException error)
                {
                    throw model.Explain(error, "--input NAME=FILE");
                }

                return ValueTask.CompletedTask;
            });
            if (lines is not null) return;
            foreach (var (partition, rows) in measured.Where(static m => m.Rows.Count > 0)) CodecTable.Write(terminal, partition, rows);
        });
        return command;
    }
}
