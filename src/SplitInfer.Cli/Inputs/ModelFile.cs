using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Loads models that the command line names.</summary>
internal static class ModelFile
{
    /// <summary>Reads and plans a model.</summary>
    /// <exception cref="UsageException">The options do not fit the model.</exception>
    /// <exception cref="SplitInferException">The file is no model that can be cut.</exception>
    public static PartitionedModel Load(string path, PlanOptions plan, ExecutionOptions execution) =>
        Plan(OnnxModel.Load(path, plan.Limits), plan, execution);

    /// <summary>Plans a model that was read. See <see cref="Load"/> for the errors.</summary>
    public static PartitionedModel Plan(OnnxModel model, PlanOptions plan, ExecutionOptions execution)
    {
        try
        {
            return PartitionedModel.From(model, plan, execution);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
