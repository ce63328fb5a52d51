using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Models;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Cli.Commands.Evaluate;

/// <summary>Compares models for one task: how good their answers are, how long they take, how large they are.</summary>
internal static class EvaluateCommand
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var files = new Argument<string[]>("MODEL") { Description = "An .onnx file; several are compared with the first.", Arity = ArgumentArity.OneOrMore };
        var inputs = new Option<string>("--inputs") { Description = "Folder of samples that no model was made with: one .npy each; where the model has several inputs, a folder each with one NAME.npy for each input.", HelpName = "DIR", Required = true };
        var labels = new Option<string?>("--labels") { Description = "The right class of each sample: a number a line or a .npy file of whole numbers, in the order of the names of the samples.", HelpName = "F" };
        var against = new Option<string?>("--against") { Description = "The model that the others should agree with. [default: the first]", HelpName = "MODEL" };
        var agreement = Agreement();
        var command = new ExplainedCommand("evaluate", "Runs models on the same samples and compares answers, times and sizes, side by side in one run.",
            "splitinfer evaluate squeezenet.onnx squeezenet.int8.onnx --inputs photographs --labels labels.txt",
            "splitinfer evaluate small.onnx --against large.onnx --inputs photographs --json")
        {
            files, inputs, labels, against, agreement, options.Planning,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (paths, plan, execution) = (parsed.GetRequiredValue(files), options.PlanOf(parsed), options.ExecutionOf(parsed, new EvaluationOptions().Execution));
            var (first, specs, samples) = SampledModel.Open(paths[0], parsed.GetRequiredValue(inputs), plan, execution, terminal);
            OnnxModel[] models = [first, .. paths.Skip(1).Select(path => OnnxModel.Load(path, plan.Limits))];
            var other = parsed.GetValue(against) is { } named ? OnnxModel.Load(named, plan.Limits) : null;
            var classes = parsed.GetValue(labels) is { } labelPath ? LabelFile.Read(labelPath, samples.Count) : null;
            IReadOnlyList<ModelScore> scores = [];
            var runs = (models.Length + (other is null ? 0 : 1)) * samples.Count;
            await terminal.TrackAsync($"{samples.Count} samples, {models.Length} models", runs, step => Task.Run(
                () => scores = ModelEvaluator.Evaluate(models, specs, samples, other, new() { Labels = classes, Execution = execution, Agreement = parsed.GetValue(agreement) }, new EachStep(step), cancellationToken), cancellationToken));
            if (parsed.GetValue(options.Json))
            {
                var lines = new JsonLines(terminal.Output);
                foreach (var score in scores) lines.Write(EvaluationLine.Of(score), LineContext.Default.EvaluationLine);
                return;
            }

            EvaluationTable.Write(terminal, scores, parsed.GetValue(against) ?? paths[0]);
        });
        return command;
    }

    /// <summary>What makes models agree.</summary>
    public static Option<AgreementKind> Agreement() => new("--agreement")
    {
        Description = "What makes two models agree on a sample: the class, or all outputs, which is right for features and measurements. [default: classes where the only output is one row of scores or labels are given, else outputs]",
        HelpName = "classes|outputs",
        CustomParser = static result => result.Tokens[^1].Value switch
        {
            "classes" => AgreementKind.Classes,
            "outputs" => AgreementKind.Outputs,
            var other => Refuse(result, other),
        },
    };

    private static AgreementKind Refuse(System.CommandLine.Parsing.ArgumentResult result, string value)
    {
        result.AddError($"--agreement {value}: give classes or outputs.");
        return AgreementKind.Automatic;
    }
}
