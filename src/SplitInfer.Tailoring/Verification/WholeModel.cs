using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>Runs a model file unchanged, in a plain session: the reference for every partition.</summary>
internal sealed class WholeModel : IDisposable
{
    private WholeModel(IReadOnlyDictionary<string, ModelValue> outputs, bool repeats) => (Outputs, Repeats) = (outputs, repeats);

    /// <summary>The outputs of the file, by name.</summary>
    public IReadOnlyDictionary<string, ModelValue> Outputs { get; }

    /// <summary>Whether two runs gave the same. Tried only where a node is not known to be deterministic.</summary>
    public bool Repeats { get; }

    /// <summary>Runs once, or twice where the model may not do the same again.</summary>
    /// <exception cref="EngineException">The model does not run on these inputs.</exception>
    public static WholeModel Run(PartitionedModel model, TensorValue[] inputs, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        using var session = model.LoadFile(execution);
        var first = Run(session, model, inputs, cancellationToken);
        var determinism = new Determinism(model.Model.Shell);
        if (model.Model.Graph.Node.All(determinism.Holds)) return new(first, repeats: true);
        var second = Run(session, model, inputs, cancellationToken);
        var repeats = first.All(output => ValueDifference.Between(output.Value, second[output.Key]).IsBitExact);
        foreach (var output in second.Values) output.Dispose();
        return new(first, repeats);
    }

    public void Dispose()
    {
        foreach (var output in Outputs.Values) output.Dispose();
    }

    private static Dictionary<string, ModelValue> Run(IEngineSession session, PartitionedModel model, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var values = session.RunForValues([.. model.Plan.Inputs.Select(static i => i.Name)], inputs, cancellationToken);
        var outputs = new Dictionary<string, ModelValue>(StringComparer.Ordinal);
        // A value that the file lists twice is returned twice.
        foreach (var (output, value) in session.Outputs.Zip(values))
            if (!outputs.TryAdd(output.Name, value)) value.Dispose();
        return outputs;
    }
}
