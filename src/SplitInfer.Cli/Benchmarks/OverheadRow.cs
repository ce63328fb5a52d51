namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one arm costs over the whole model, on one machine and without a link.</summary>
/// <param name="Partition">The arm.</param>
/// <param name="HeadMs">Median milliseconds of the head.</param>
/// <param name="TailMs">Median milliseconds of the tail.</param>
/// <param name="WholeMs">Median milliseconds of the whole model, prepared like a segment.</param>
/// <param name="Ratio">Median of head and tail together over <paramref name="WholeMs"/>.</param>
/// <param name="RawWholeMs">Median milliseconds of a plain session on the file as given.</param>
/// <param name="RawRatio">Median of head and tail together over <paramref name="RawWholeMs"/>.</param>
internal sealed record OverheadRow(int Partition, double HeadMs, double TailMs, double WholeMs, double Ratio, double RawWholeMs, double RawRatio);

/// <summary>All arms together.</summary>
/// <param name="MedianRatio">Median of the arms' ratios.</param>
/// <param name="MaxRatio">The largest of them.</param>
/// <param name="MedianRawRatio">Median of the arms' raw ratios.</param>
/// <param name="MemoryRatio">Resident memory of all arms' segments over that of one whole session.</param>
internal sealed record OverheadSummary(double MedianRatio, double MaxRatio, double MedianRawRatio, double MemoryRatio)
{
    /// <summary>Resident KiB of all arms' segments.</summary>
    public required double SegmentsKiB { get; init; }

    /// <summary>Resident KiB of one whole session.</summary>
    public required double WholeKiB { get; init; }
}
