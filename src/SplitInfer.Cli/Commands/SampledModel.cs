using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands;

/// <summary>A model and a folder of samples of what it takes.</summary>
/// <param name="Model">The model.</param>
/// <param name="Inputs">Its inputs.</param>
/// <param name="Samples">The samples.</param>
internal sealed record SampledModel(OnnxModel Model, IReadOnlyList<TensorSpec> Inputs, SampleFolder Samples)
{
    /// <summary>Loads a model, and plans it with the first sample.</summary>
    /// <exception cref="UsageException">Inputs are to be fed that the file has a value for, which variants take for a constant.</exception>
    public static SampledModel Open(string path, string folder, PlanOptions plan, ExecutionOptions execution, Terminal terminal)
    {
        var model = OnnxModel.Load(path, plan.Limits);
        if (plan.FedInitializers.Count > 0) throw new UsageException($"--feed {string.Join(", ", plan.FedInitializers)}: variants are made and compared with the values that the file has. Leave it out, or take the values out of the file, so that these are inputs like others.");
        var samples = SampleFolder.Open(folder, model.InputNames);
        plan.SampleInputs = samples.Read(0);
        try
        {
            return new(model, terminal.While($"Planning {path}", () => ModelFile.Plan(model, plan, execution)).Plan.Inputs, samples);
        }
        finally
        {
            foreach (var tensor in plan.SampleInputs.Values) tensor.Dispose();
        }
    }

    /// <summary>Names of all that requests feed.</summary>
    public static IReadOnlyList<string> NamesOf(OnnxModel model, PlanOptions plan) => [.. model.InputNames.Union(plan.FedInitializers, StringComparer.Ordinal)];
}
