namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench load</c>: what became of the requests of one phase.</summary>
/// <param name="Phase">What was done: <c>saturation</c>, <c>calm</c>, <c>overload</c>, <c>after</c>, <c>greedy</c> or <c>polite</c>.</param>
/// <param name="OfferedPerSecond">Requests a second that were to be made; null where each connection makes the next one as soon as it may.</param>
/// <param name="CompletedPerSecond">Requests a second that had a result.</param>
/// <param name="RefusedPerSecond">Requests a second that the server refused as busy or late.</param>
/// <param name="FailedPerSecond">Requests a second that ended otherwise.</param>
/// <param name="P50Ms">Median of those that had a result, from when they were to be made, ms; null where none had.</param>
/// <param name="P99Ms">99 of 100 of those were within, ms.</param>
/// <param name="RefusalP50Ms">Median of the refusals, ms from when the request was sent; null where there were none.</param>
/// <param name="RefusalP99Ms">99 of 100 refusals were within, ms from when the request was sent; null where there were none.</param>
/// <param name="LateP99Ms">99 of 100 requests were made within so many ms of when they were to be. Where this is not small, the machine of the load has too much to do, and the other figures are its own.</param>
internal sealed record LoadRow(
    string Phase, double? OfferedPerSecond, double CompletedPerSecond, double RefusedPerSecond, double FailedPerSecond, double? P50Ms, double? P99Ms, double? RefusalP50Ms,
    double? RefusalP99Ms, double? LateP99Ms);

/// <summary>The last line of <c>bench load</c>.</summary>
/// <param name="GoodputRatio">Results a second at twice saturation over those at saturation.</param>
/// <param name="P99Ratio">The 99th percentile of those that had a result at twice saturation over that at 80 % of it.</param>
/// <param name="RecoverySeconds">From the end of the overload until the delays of a half second are those of 80 % load again, s; null where they were not within the phase.</param>
/// <param name="PoliteShare">Results of the polite connection over half of those of it and the greedy one together; 1 is fair.</param>
internal sealed record LoadSummaryRow(double GoodputRatio, double P99Ratio, double? RecoverySeconds, double PoliteShare);
