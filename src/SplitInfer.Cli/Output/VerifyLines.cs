namespace SplitInfer.Cli.Output;

/// <summary>How one partition compares with the whole model.</summary>
internal sealed record VerifiedPartitionLine(int Partition, double MaxAbsDiff, double MaxRelDiff, bool BitExact, bool Ok);

/// <summary>The end of one model's verification.</summary>
internal sealed record VerifiedModelLine(string Model, int Partitions, int Failed, int Skipped, IReadOnlyDictionary<string, int> SkippedBecause);
