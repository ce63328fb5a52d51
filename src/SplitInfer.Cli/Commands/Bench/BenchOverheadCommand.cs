using System.CommandLine;
using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Execution;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>Measures what splitting costs without a link.</summary>
internal static class BenchOverheadCommand
{
    private const int InputSeed = 1;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var inputs = new Option<string?>("--inputs") { Description = "Folder of inputs to time (input_0.pb …, or one NAME.npy for each input). Those that are missing are made up.", HelpName = "DIR" };
        var resident = new Option<string?>(ResidentMemory.Option) { Hidden = true };
        var command = new ExplainedCommand("overhead", "Times head and tail of every arm against the whole model, in turns, and compares their memory.",
            "splitinfer bench overhead resnet50.onnx --threads 1")
        {
            file, inputs, options.Planning, resident,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (path, execution) = (parsed.GetRequiredValue(file), options.ExecutionOf(parsed));
            // One thread unless asked otherwise, so that the ratio is one of work and not of scheduling.
            if (parsed.GetResult(options.Threads) is null) execution.IntraOpThreads = 1;
            using var model = ModelWithInputs.Load(path, parsed.GetValue(inputs), options.PlanOf(parsed), execution, InputSeed);
            if (parsed.GetValue(resident) is { } what)
            {
                terminal.Output.Write((await ResidentMemory.LoadAsync(model.Model, model.Inputs, execution, what)).ToString(CultureInfo.InvariantCulture));
                return;
            }

            var lines = parsed.GetValue(options.Json) ? new JsonLines(terminal.Output) : null;
            var rows = await TimeAsync(model, execution, lines, terminal, cancellationToken);
            string[] forwarded = [.. SharedOptions.Typed(parsed, [inputs, .. options.Planning]), "--threads", $"{execution.IntraOpThreads}"];
            var memory = await ResidentMemory.MeasureAsync(path, forwarded, cancellationToken);
            var summary = new OverheadSummary(Median.Of(rows.Select(static r => r.Ratio)), rows.Max(static r => r.Ratio), Median.Of(rows.Select(static r => r.RawRatio)), memory.Segments / memory.Whole)
            {
                SegmentsKiB = memory.Segments,
                WholeKiB = memory.Whole,
            };
            if (lines is not null) lines.Write(summary, LineContext.Default.OverheadSummary);
            else OverheadTable.Write(terminal, rows, summary);
        });
        return command;
    }

    private static async Task<List<OverheadRow>> TimeAsync(ModelWithInputs model, ExecutionOptions execution, JsonLines? lines, Terminal terminal, CancellationToken cancellationToken)
    {
        var rows = new List<OverheadRow>();
        using var benchmark = new OverheadBenchmark(model.Model, model.Inputs, execution, TimeProvider.System);
        try
        {
            await foreach (var row in benchmark.RunAsync().WithCancellation(cancellationToken))
            {
                rows.Add(row);
                lines?.Write(row, LineContext.Default.OverheadRow);
                if (terminal.IsErrorTerminal) terminal.Error.WriteLine($"arm {rows.Count} of {model.Model.Plan.Arms.Length}: ratio {row.Ratio:F3}");
            }
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--inputs DIR");
        }

        return rows;
    }
}
