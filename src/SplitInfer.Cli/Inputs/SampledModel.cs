using SplitInfer.Cli.Output;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>A model and a folder of samples of what it takes.</summary>
/// <param name="Model">The model.</param>
/// <param name="Inputs">Its inputs, also those that the file has a value for and that are fed all the same.</param>
/// <param name="Samples">The samples.</param>
internal sealed record SampledModel(OnnxModel Model, IReadOnlyList<TensorSpec> Inputs, SampleFolder Samples)
{
    /// <summary>Loads a model, and plans it with the first sample.</summary>
    public static SampledModel Open(string path, string folder, PlanOptions plan, ExecutionOptions execution, Terminal terminal)
    {
        var model = OnnxModel.Load(path, plan.Limits);
        var samples = SampleFolder.Open(folder, NamesOf(model, plan));
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
