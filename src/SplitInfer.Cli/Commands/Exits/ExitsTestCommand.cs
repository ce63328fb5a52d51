using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Exits;
using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>Tries exits on samples.</summary>
internal static class ExitsTestCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var standard = new ExitTestOptions();
        var file = SharedOptions.Model();
        var exits = new Option<string>("--exits") { Description = "The file that 'splitinfer exits add' wrote.", HelpName = "F", Required = true };
        var data = ExitsSource.Folder("Folder of samples that the exits were not made with");
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample: a number a line or a .npy file of whole numbers, in the order of the names of the samples.", HelpName = "F" };
        var command = new ExplainedCommand("test", "Runs a model with its exits and in one piece, in turn, and tells how many samples leave early, how many answers stay the same, and what time that takes.",
            "splitinfer exits test mnist.onnx --exits mnist.exits.json --data others",
            "splitinfer exits test mnist.onnx --exits mnist.exits.json --data others --labels labels.txt --json")
        {
            file, exits, data, labels, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var read = ExitsFile.Load(parsed.GetRequiredValue(exits));
            var execution = options.ExecutionOf(parsed, standard.Execution);
            var (model, samples) = ExitsSource.Open(parsed.GetRequiredValue(file), parsed.GetRequiredValue(data), options.PlanOf(parsed), execution, terminal);
            var classes = parsed.GetValue(labels) is { } path ? LabelFile.Read(path, samples.Count) : null;
            ExitTestReport? report = null;
            await terminal.TrackAsync($"{samples.Count} samples", samples.Count, step => Task.Run(
                () => report = ExitTester.Run(model, read, samples, new() { Labels = classes, Execution = execution }, new Evaluate.EachStep(step), cancellationToken), cancellationToken));
            if (parsed.GetValue(options.Json)) new JsonLines(terminal.Output).Write(ExitsTestLine.Of(report!), LineContext.Default.ExitsTestLine);
            else ExitTables.Write(terminal, report!, read);
        });
        return command;
    }
}
