using SplitInfer.Execution;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Loads models that the command line names.</summary>
internal static class ModelFile
{
    /// <summary>Reads and plans a model.</summary>
    /// <exception cref="UsageException">The options do not fit the model.</exception>
    /// <exception cref="SplitInferException">The file is no model that can be cut.</exception>
    public static PartitionedModel Load(string path, PlanOptions plan, ExecutionOptions execution)
    {
        try
        {
            return PartitionedModel.Load(path, plan, execution);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }
}
