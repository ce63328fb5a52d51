namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench batch</c>: how a server did for a while.</summary>
/// <param name="Partition">The cut.</param>
/// <param name="MaxBatch">The most requests that it may run together.</param>
/// <param name="PerSecond">Answers a second.</param>
/// <param name="P50Ms">Half of the answers came within, ms; null where there were none.</param>
/// <param name="P99Ms">99 of 100 came within, ms; null where there were none.</param>
internal sealed record BatchRow(int Partition, int MaxBatch, double PerSecond, double? P50Ms, double? P99Ms);

/// <summary>The last line of <c>bench batch</c>.</summary>
/// <param name="Partition">The cut.</param>
/// <param name="Connections">The connections that sent requests.</param>
/// <param name="MaxBatch">The most requests that the second server may run together.</param>
/// <param name="AlonePerSecond">Answers a second of the server that runs each alone, median of the rounds.</param>
/// <param name="TogetherPerSecond">Answers a second of the other one, median of the rounds.</param>
/// <param name="Ratio">How many times as many the second one gave, median of the rounds.</param>
/// <param name="Decision">What its log says of it; null where it has not said anything.</param>
internal sealed record BatchSummary(int Partition, int Connections, int MaxBatch, double AlonePerSecond, double TogetherPerSecond, double Ratio, string? Decision);
