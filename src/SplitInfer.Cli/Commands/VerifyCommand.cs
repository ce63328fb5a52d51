using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Cli.Verification;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands;

/// <summary>Checks that every partition of a model gives the result of the whole.</summary>
internal sealed class VerifyCommand(Terminal terminal, bool isJson, string partitions, Tolerance tolerance)
{
    private const double DefaultTolerance = 1e-4;

    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var files = new Argument<string[]>("MODEL") { Description = "One or more .onnx files.", Arity = ArgumentArity.OneOrMore };
        var inputs = new Option<string?>("--inputs")
        {
            Description = "Folder of inputs (input_0.pb …, or one NAME.npy for each input) and, where it has them, outputs (output_0.pb …). Inputs that are missing are made up.",
            HelpName = "DIR",
        };
        var tolerance = new Option<double>("--tolerance")
        {
            Description = "An element may differ by X × (1 + its magnitude), or by 8 units in the last place where floats of 16 bits or less cross or come out.",
            HelpName = "X",
            DefaultValueFactory = static _ => DefaultTolerance,
        };
        tolerance.Require<double>(static value => value >= 0, "takes 0 or more.");
        var seed = new Option<int>("--seed") { Description = "Seed of made-up inputs.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var partitions = new Option<string>("--partitions") { Description = "Which to run: all, arms, or a list such as 0,4,19.", HelpName = "WHICH", DefaultValueFactory = static _ => PartitionChoice.All };
        var command = new ExplainedCommand("verify", "Runs every partition, the tail behind the wire, and compares it with the whole model.",
            "splitinfer verify squeezenet.onnx",
            "splitinfer verify resnet50/model.onnx --inputs resnet50/test_data_set_0 --json")
        {
            files, inputs, partitions, tolerance, seed, options.Dimensions,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var command = new VerifyCommand(terminal, parsed.GetValue(options.Json), parsed.GetRequiredValue(partitions), new(parsed.GetValue(tolerance)));
            var execution = options.ExecutionOf(parsed);
            var isOk = true;
            foreach (var path in parsed.GetRequiredValue(files))
                isOk &= await command.TryVerifyAsync(path, parsed.GetValue(inputs), options.PlanOf(parsed), execution, parsed.GetValue(seed), cancellationToken);
            return isOk ? 0 : 1;
        });
        return command;
    }

    /// <summary>Verifies one model of several: what is wrong with it is told, and the others are verified all the same.</summary>
    private async ValueTask<bool> TryVerifyAsync(
        string path, string? folder, PlanOptions plan, ExecutionOptions execution, int seed, CancellationToken cancellationToken)
    {
        try
        {
            using var model = terminal.While($"Planning {path}", () => ModelWithInputs.Load(
                path, names => folder is null ? [] : TensorFolder.Read(folder, "input", names), plan, execution, seed));
            var known = folder is null ? [] : TensorFolder.Read(folder, "output", [.. model.Model.Plan.Outputs.Select(static o => o.Name)]);
            await using var verifier = await Verifier.StartAsync(model, known, execution, cancellationToken);
            return await VerifyAsync(path, model.Model.Plan, verifier, cancellationToken);
        }
        catch (Exception error) when (error is SplitInferException or IOException or UnauthorizedAccessException)
        {
            terminal.Complain(error.Message);
            return false;
        }
    }

    private async ValueTask<bool> VerifyAsync(string path, PartitionPlan plan, Verifier verifier, CancellationToken cancellationToken)
    {
        IVerifyReport report = isJson ? new VerifyLines(terminal) : new VerifyTable(terminal);
        var isOk = true;
        await terminal.TrackAsync(Path.GetFileName(path), PartitionChoice.Of(partitions, plan), async partition =>
        {
            var verdict = await verifier.VerifyAsync(partition, tolerance, cancellationToken);
            isOk &= verdict.IsOk;
            report.Add(verdict);
        });
        report.End(path, plan, SkipReasons.Count(plan));
        return isOk;
    }
}
