using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Client;
using SplitInfer.Dashboard.Plans;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Inspect;

/// <summary>Lists every partition of a model: what crosses, how large it is, and what runs on either side.</summary>
/// <param name="model">The model.</param>
/// <param name="path">Its file.</param>
/// <param name="arms">The codecs with which each cut can win, by partition.</param>
/// <param name="terminal">Where.</param>
internal sealed class InspectCommand(PartitionedModel model, string path, ILookup<int, string> arms, Terminal terminal)
{
    public static Command Create(SharedOptions options, Terminal terminal)
    {
        var file = SharedOptions.Model();
        var inputs = new Option<string?>("--inputs")
        {
            Description = "Folder of inputs to make the plan with (input_0.pb …, or one NAME.npy for each input), where the model does not run on those that are made up.",
            HelpName = "DIR",
        };
        var all = new Option<bool>("--all") { Description = "Show every partition in the table, also where there are hundreds." };
        var calibration = new Option<string?>("--calibration") { Description = "The file that 'splitinfer calibrate' left: which cuts can win is then told by compressed sizes.", HelpName = "F.json" };
        var agreement = new Option<double>("--min-agreement") { Description = "With a calibration: the part of the results that must stay the same.", HelpName = "X", DefaultValueFactory = static _ => new SplitInferenceOptions().MinAgreement };
        var html = new Option<string?>("--html") { Description = "Draw the plan into this file: one page for a browser, which needs no other file and loads nothing.", HelpName = "F.html" };
        var command = new ExplainedCommand("inspect", "Lists the plan: every place where the model can be cut.",
            "splitinfer inspect squeezenet.onnx",
            "splitinfer inspect squeezenet.onnx --calibration squeezenet.calibration.json",
            "splitinfer inspect squeezenet.onnx --html plan.html",
            "splitinfer inspect encoder.onnx --dim batch=1 --dim sequence=128 --json")
        {
            file, inputs, options.Planning, all, calibration, agreement, html,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            var model = terminal.While($"Planning {path}", () => ModelFile.Load(path, parsed.GetValue(inputs), options.PlanOf(parsed), options.ExecutionOf(parsed)));
            var command = new InspectCommand(model, path, ArmsOf(model.Plan, parsed.GetValue(calibration), parsed.GetValue(agreement)), terminal);
            if (parsed.GetValue(html) is { } page) command.WritePage(page);
            if (parsed.GetValue(options.Json)) command.WriteLines();
            else command.WriteTable(parsed.GetValue(all));
        });
        return command;
    }

    private static ILookup<int, string> ArmsOf(PartitionPlan plan, string? calibration, double minAgreement)
    {
        if (calibration is null) return plan.Arms.ToLookup(static arm => arm.Index, static _ => "");
        return ClientArm.List(plan, new() { Calibration = calibration, MinAgreement = minAgreement, KnownCodecs = CodecNames.Registry(calibration) }).ToLookup(static arm => arm.Partition.Index, static arm => arm.Codec);
    }

    private void WriteLines()
    {
        var plan = model.Plan;
        var lines = new JsonLines(terminal.Output);
        foreach (var partition in plan.Partitions) lines.Write(LineOf(partition), LineContext.Default.PartitionLine);
        lines.Write(new(path, plan.Model.ToString(), NodeCount, plan.Partitions.Length, arms.Count, plan.Fingerprint.ToString()), LineContext.Default.PlanLine);
    }

    private void WriteTable(bool isWhole)
    {
        var plan = model.Plan;
        PlanTable.Write(terminal.Tables, model, arms, isWhole);
        terminal.Output.WriteLine($"{path}: {NodeCount} nodes, {plan.Partitions.Length} partitions, {arms.Count} arms (●: the cuts that can win)");
        foreach (var input in plan.Inputs) terminal.Output.WriteLine($"takes   {input}{Planned(input)}");
        foreach (var output in plan.Outputs) terminal.Output.WriteLine($"yields  {output}");
        terminal.Output.WriteLine($"model   {plan.Model} (SHA-256 of the file and its external data)");
        terminal.Output.WriteLine($"plan    {plan.Fingerprint} (what both ends must agree on)");
        if (plan.MeasureFailure is { } failure) terminal.Complain($"{path}: sizes that the file leaves open could not be measured: {OptionWords.Of(failure)}");
    }

    private void WritePage(string page) => PageFile.Write(page, output => PlanPage.Write(output, Path.GetFileNameWithoutExtension(path), model.Plan, arms.Select(static arm => arm.Key)));

    private string Planned(TensorSpec value) =>
        value.IsStatic || model.ShapeOf(value.Name) is not { } shape ? "" : $", planned as {new TensorShape(shape.AsSpan())}; change it with --dim";

    /// <summary>Compute nodes: the last partition has all of them in its head.</summary>
    private int NodeCount => model.Plan.AllOnDevice.Index;

    private PartitionLine LineOf(Partition partition) => new(
        partition.Index, [.. partition.Boundary.Select(LineOf)], partition.BoundaryBytes,
        partition.Head.Macs, partition.Tail.Macs, partition.IsAdmissible, arms.Contains(partition.Index), partition.InadmissibleReason)
    {
        Codecs = partition != model.Plan.AllOnDevice && arms[partition.Index].Where(static codec => codec.Length > 0).ToArray() is { Length: > 0 } codecs ? codecs : null,
    };

    private BoundaryLine LineOf(TensorSpec value) => new(value.Name, value.Type.DisplayName(), model.ShapeOf(value.Name) ?? [], model.BytesOf(value.Name))
    {
        Dimensions = value.IsStatic || !value.IsRanked ? null : [.. value.Dimensions.Select(static d => d.ToString())],
    };
}
