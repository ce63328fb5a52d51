using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>A model and a tensor for each of its inputs.</summary>
internal sealed class ModelWithInputs : IDisposable
{
    private ModelWithInputs(PartitionedModel model, Tensor[] inputs) => (Model, Inputs) = (model, inputs);

    public PartitionedModel Model { get; }

    /// <summary>One tensor for each input of the plan.</summary>
    public Tensor[] Inputs { get; }

    /// <summary>Loads a model and plans it for its inputs. Those that are not given are made up.</summary>
    /// <param name="path">An ONNX file.</param>
    /// <param name="readInputs">Reads the inputs that are given, from the names of all.</param>
    /// <param name="plan">How the plan is made.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="seed">Seed of what is made up.</param>
    /// <exception cref="UsageException">The options do not fit the model.</exception>
    /// <exception cref="SplitInferException">The model cannot be cut, or a tensor does not fit it.</exception>
    public static ModelWithInputs Load(
        string path, Func<IReadOnlyList<string>, Dictionary<string, Tensor>> readInputs, PlanOptions plan, ExecutionOptions execution, int seed)
    {
        var file = OnnxModel.Load(path, plan.Limits);
        var given = readInputs([.. ModelGraph.Of(file).Inputs.Select(static i => i.Name)]);
        plan.SampleInputs = given;
        var model = ModelFile.Plan(file, plan, execution);
        return new(model, Complete(model, given, seed));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Inputs) tensor.Dispose();
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
