using System.CommandLine;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Exits;

/// <summary>The model that exits are for, planned, and the samples of a folder.</summary>
internal sealed record ExitsSource(PartitionedModel Model, SampleFolder Samples)
{
    /// <summary>The option that names the folder.</summary>
    public static Option<string> Folder(string description) =>
        new("--data") { Description = $"{description}: one .npy each; where the model has several inputs, a folder each with one NAME.npy for each input.", HelpName = "DIR", Required = true };

    /// <summary>Loads a model, and plans it with the first sample.</summary>
    public static ExitsSource Open(string path, string folder, PlanOptions plan, ExecutionOptions execution, Terminal terminal)
    {
        var onnx = OnnxModel.Load(path, plan.Limits);
        var samples = SampleFolder.Open(folder, SampledModel.NamesOf(onnx, plan));
        plan.SampleInputs = samples.Read(0);
        try
        {
            return new(terminal.While($"Planning {path}", () => ModelFile.Plan(onnx, plan, execution)), samples);
        }
        finally
        {
            foreach (var tensor in plan.SampleInputs.Values) tensor.Dispose();
        }
    }
}
