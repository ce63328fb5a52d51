using SplitInfer.Cli.Verification;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Output;

/// <summary>Prints how one model's partitions compare with the whole.</summary>
internal interface IVerifyReport
{
    /// <summary>Takes the next partition.</summary>
    void Add(Verdict verdict);

    /// <summary>Ends the model.</summary>
    /// <param name="model">The file, as it was named.</param>
    /// <param name="plan">All partitions, those that were skipped too.</param>
    /// <param name="skipped">How many were skipped, by reason.</param>
    void End(string model, PartitionPlan plan, IReadOnlyDictionary<string, int> skipped);
}
