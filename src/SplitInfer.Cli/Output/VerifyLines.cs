using System.Text.Json.Serialization;
using SplitInfer.Cli.Verification;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Output;

/// <summary>How one partition compares with the whole model.</summary>
internal sealed record VerdictLine(int Partition, double MaxAbsDiff, double MaxRelDiff, bool BitExact, bool Ok, double Tolerance)
{
    /// <summary>Why the partition did not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}

/// <summary>The end of one model's verification.</summary>
internal sealed record VerifiedLine(string Model, int Partitions, int Failed, int Skipped, IReadOnlyDictionary<string, int> SkippedBecause);

/// <summary>A line for each partition, and one at the end.</summary>
internal sealed class VerifyLines(Terminal terminal) : IVerifyReport
{
    private readonly JsonLines _lines = new(terminal.Output);
    private int _failed;

    public void Add(Verdict verdict)
    {
        if (!verdict.IsOk) _failed++;
        var (difference, partition) = (verdict.Difference, verdict.Partition.Index);
        _lines.Write(new(partition, difference.MaxAbs, difference.MaxRel, difference.IsBitExact, verdict.IsOk, verdict.Tolerance) { Error = verdict.Error }, LineContext.Default.VerdictLine);
    }

    public void End(string model, PartitionPlan plan, IReadOnlyDictionary<string, int> skipped) =>
        _lines.Write(new(model, plan.Partitions.Length, _failed, skipped.Values.Sum(), skipped), LineContext.Default.VerifiedLine);
}
