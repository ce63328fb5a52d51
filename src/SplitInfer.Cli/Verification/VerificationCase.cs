using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>One model with inputs to run it on, and the outputs that it should then give where they are known.</summary>
internal sealed class VerificationCase : IDisposable
{
    private VerificationCase(PartitionedModel model, Tensor[] inputs, IReadOnlyDictionary<string, Tensor> outputs) =>
        (Model, Inputs, KnownOutputs) = (model, inputs, outputs);

    public PartitionedModel Model { get; }

    /// <summary>One tensor for each input of the plan.</summary>
    public Tensor[] Inputs { get; }

    /// <summary>Outputs that are known beforehand, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> KnownOutputs { get; }

    /// <summary>Loads a model. Inputs that the folder does not have are made up.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="folder">Holds inputs and perhaps outputs; null where all inputs are made up.</param>
    /// <param name="plan">How the plan is made.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="seed">Seed of made-up inputs.</param>
    /// <exception cref="SplitInferException">The model cannot be cut, or a tensor does not fit it.</exception>
    public static VerificationCase Load(string path, string? folder, PlanOptions plan, ExecutionOptions execution, int seed)
    {
        var file = OnnxModel.Load(path, plan.Limits);
        var graph = ModelGraph.Of(file);
        var inputs = Read("input", [.. graph.Inputs.Select(static i => i.Name)]);
        var outputs = Read("output", [.. graph.Outputs.Select(static o => o.Name)]);
        plan.SampleInputs = inputs;
        var model = PartitionedModel.From(file, plan, execution);
        return new(model, Complete(model, inputs, seed), outputs);

        Dictionary<string, Tensor> Read(string kind, string[] names) => folder is null ? [] : TensorFolder.Read(folder, kind, names);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Inputs.Concat(KnownOutputs.Values)) tensor.Dispose();
    }

    private static Tensor[] Complete(PartitionedModel model, Dictionary<string, Tensor> given, int seed)
    {
        var complete = model.MakeInputs(seed).ToArray();
        for (var i = 0; i < complete.Length; i++)
        {
            if (!given.TryGetValue(model.Plan.Inputs[i].Name, out var tensor)) continue;
            complete[i].Dispose();
            complete[i] = tensor;
        }

        return complete;
    }
}
