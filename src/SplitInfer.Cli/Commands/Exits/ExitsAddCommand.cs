using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>Makes exits for a model.</summary>
internal static class ExitsAddCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var standard = new ExitOptions();
        var file = SharedOptions.Model();
        var data = ExitsSource.Folder("Folder of samples, which need no labels");
        var at = new Option<int[]?>("--at") { Description = "The cuts that get an exit, such as 4,9. [default: those that save most]", HelpName = "k,k", CustomParser = ParseCuts };
        var loss = ShareOption.Of("--max-loss", "The share of inputs that exits may answer otherwise than the model, which bounds the accuracy that is lost.", standard.MaxLoss);
        var confidence = ShareOption.Of("--confidence", "How sure that has to be.", standard.Confidence);
        var features = new Option<int>("--max-features") { Description = "The most numbers that an exit reads of what crosses its cut.", HelpName = "N", DefaultValueFactory = _ => standard.MaxFeatures };
        features.Require<int>(static count => count >= 1, "takes 1 or more.");
        var output = new Option<string>("--out") { Description = "The file to write, which clients and servers use beside the model.", HelpName = "F", Required = true };
        var command = new ExplainedCommand("add", "Puts small heads on cuts of a classifier that answer easy inputs early, taught the model's own answers. The model is not changed.",
            "splitinfer exits add mnist.onnx --data digits --out mnist.exits.json",
            "splitinfer exits add mnist.onnx --data digits --at 4 --max-loss 0.5% --out mnist.exits.json",
            "splitinfer exits add squeezenet.onnx --data photographs --max-loss 2% --confidence 90% --out squeezenet.exits.json --json")
        {
            file, data, at, loss, confidence, features, output, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (plan, target) = (options.PlanOf(parsed), parsed.GetRequiredValue(output));
            // Better known now than after an hour.
            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(target)))) throw new DirectoryNotFoundException($"There is no folder for '{target}'; make it first.");
            var execution = options.ExecutionOf(parsed, standard.Execution);
            var (model, samples) = ExitsSource.Open(parsed.GetRequiredValue(file), parsed.GetRequiredValue(data), plan, execution, terminal);
            var making = new ExitOptions
            {
                Partitions = parsed.GetValue(at) is { Length: > 0 } cuts ? cuts : null, MaxLoss = parsed.GetValue(loss).Value, Confidence = parsed.GetValue(confidence).Value, MaxFeatures = parsed.GetValue(features), Execution = execution,
                // Each run has so many threads of its own.
                MaxConcurrency = Math.Max(1, Environment.ProcessorCount / Math.Max(1, execution.IntraOpThreads)),
            };
            var made = await TellAsync(terminal, progress => Task.Run(() => ExitMaker.MakeAsync(model, samples, making, progress, cancellationToken), cancellationToken));
            ExitsFile.Save(target, made.Exits);
            if (parsed.GetValue(options.Json)) ExitLines.Write(terminal, made, samples.Count, target);
            else ExitTables.Write(terminal, made, target);
        });
        return command;
    }

    private static int[]? ParseCuts(System.CommandLine.Parsing.ArgumentResult result)
    {
        var parts = result.Tokens[^1].Value.Split(',');
        var cuts = new int[parts.Length];
        for (var place = 0; place < parts.Length; place++)
        {
            if (int.TryParse(parts[place], NumberStyles.None, CultureInfo.InvariantCulture, out cuts[place])) continue;
            result.AddError($"--at takes the numbers of cuts with commas between them, such as 4,9, not '{result.Tokens[^1].Value}'. 'splitinfer inspect' lists them.");
            return null;
        }

        return cuts;
    }

    private static async Task<MadeExits> TellAsync(Terminal terminal, Func<IProgress<ExitProgress>?, Task<MadeExits>> work)
    {
        if (!terminal.IsErrorTerminal) return await work(null);
        return await terminal.Progress.Progress().AutoClear(true).StartAsync(context => work(new Bars(context)));
    }

    /// <summary>A bar for each kind of work.</summary>
    private sealed class Bars(ProgressContext context) : IProgress<ExitProgress>
    {
        private readonly Lock _gate = new();
        private ProgressTask? _task;

        public void Report(ExitProgress value)
        {
            lock (_gate)
            {
                var what = Markup.Escape(value.What);
                if (_task?.Description != what)
                {
                    _task?.StopTask();
                    _task = context.AddTask(what, maxValue: value.Steps);
                }

                _task.Value = Math.Max(_task.Value, value.Done);
            }
        }
    }
}
