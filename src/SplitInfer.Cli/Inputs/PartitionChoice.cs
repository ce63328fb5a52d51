using System.Globalization;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>Which admissible partitions a command works on: <c>all</c>, <c>arms</c>, or a list of indices.</summary>
internal static class PartitionChoice
{
    public const string All = "all";
    public const string Arms = "arms";

    /// <summary>The partitions that <paramref name="text"/> names, in the order of the plan.</summary>
    /// <exception cref="UsageException">It names one that does not exist or is not admissible.</exception>
    public static Partition[] Of(string text, PartitionPlan plan)
    {
        if (text == All) return [.. plan.Partitions.Where(static p => p.IsAdmissible)];
        if (text == Arms) return [.. plan.Arms];
        var indices = text.Split(',').Select(part => IndexOf(part, plan)).ToHashSet();
        return [.. plan.Partitions.Where(p => indices.Contains(p.Index))];
    }

    private static int IndexOf(string part, PartitionPlan plan)
    {
        if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= plan.Partitions.Length)
            throw new UsageException($"--partitions takes '{All}', '{Arms}', or indices from 0 to {plan.Partitions.Length - 1} with commas between them, not '{part}'.");
        return plan.Partitions[index].InadmissibleReason is { } refusal ? throw new UsageException($"Partition {index} cannot be made: {refusal}.") : index;
    }
}
