using System.Text.RegularExpressions;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>Counts the cuts of a plan that cannot be made, by kind of reason.</summary>
internal static partial class SkipReasons
{
    public static SortedDictionary<string, int> Count(PartitionPlan plan)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var partition in plan.Partitions)
            if (partition.InadmissibleReason is { } refusal) counts[KindOf(refusal)] = counts.GetValueOrDefault(KindOf(refusal)) + 1;
        return counts;
    }

    /// <summary>A reason without the names and numbers of the cut at hand.</summary>
    private static string KindOf(string refusal) => Number().Replace(Name().Replace(refusal, "a value"), "N");

    [GeneratedRegex("'.*'")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\d+")]
    private static partial Regex Number();
}
