using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>Runs a model file as it is, in a session that knows nothing of plans: what every partition is compared with.</summary>
internal sealed class WholeModel : IDisposable
{
    private WholeModel(Tensor[] outputs, bool repeats) => (Outputs, Repeats) = (outputs, repeats);

    /// <summary>The outputs in the order of the plan; a value that the model yields twice comes twice.</summary>
    public Tensor[] Outputs { get; }

    /// <summary>Whether two runs gave the same. Tried only where a node is not known to be deterministic.</summary>
    public bool Repeats { get; }

    /// <summary>Runs once, or twice where the model may not do the same again.</summary>
    /// <exception cref="ModelException">The model does not run on these inputs.</exception>
    public static WholeModel Run(ModelWithInputs model, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        try
        {
            using var session = execution.Engine.LoadFile(model.Model.Model.Source, execution);
            var first = Run(session, model, cancellationToken);
            var determinism = new Determinism(model.Model.Model.Shell);
            if (model.Model.Model.Graph.Node.All(determinism.Holds)) return new(first, repeats: true);
            var second = Run(session, model, cancellationToken);
            var repeats = first.Zip(second).All(static pair => pair.First.ElementType == pair.Second.ElementType && pair.First.Shape == pair.Second.Shape && TensorDifference.Between(pair.First, pair.Second).IsBitExact);
            foreach (var output in second) output.Dispose();
            return new(first, repeats);
        }
        catch (EngineException error)
        {
            throw model.Explain(error, "--inputs DIR");
        }
    }

    public void Dispose()
    {
        foreach (var output in Outputs) output.Dispose();
    }

    private static Tensor[] Run(IEngineSession session, ModelWithInputs model, CancellationToken cancellationToken)
    {
        var plan = model.Model.Plan;
        string[] names = [.. plan.Outputs.Select(static o => o.Name)];
        string[] distinct = [.. names.Distinct()];
        var outputs = new Tensor[distinct.Length];
        session.Run([.. plan.Inputs.Select(static i => i.Name)], model.Inputs, distinct, outputs, cancellationToken);
        Tensor[] all = [.. names.Select(name => outputs[Array.IndexOf(distinct, name)].Share())];
        foreach (var output in outputs) output.Dispose();
        return all;
    }
}
