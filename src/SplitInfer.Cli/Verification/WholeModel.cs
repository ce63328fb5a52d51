using SplitInfer.Cli.Inputs;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>Runs a model file as it is, in a session that knows nothing of plans: what every partition is compared with.</summary>
internal static class WholeModel
{
    /// <summary>Runs once; the caller owns the outputs, which come in the order of the plan.</summary>
    /// <exception cref="EngineException">The model does not run on these inputs.</exception>
    public static Tensor[] Run(ModelWithInputs model, ExecutionOptions execution, CancellationToken cancellationToken)
    {
        var plan = model.Model.Plan;
        using var session = execution.Engine.LoadFile(model.Model.Model.Source, execution);
        var outputs = new Tensor[plan.Outputs.Length];
        session.Run([.. plan.Inputs.Select(static i => i.Name)], model.Inputs, [.. plan.Outputs.Select(static o => o.Name)], outputs, cancellationToken);
        return outputs;
    }
}
