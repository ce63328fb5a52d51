namespace SplitInfer.Tailoring.Statistics;

/// <summary>
/// The form of a file of statistics. Numbers are little-endian; a count is of 1 to 9 bytes of 7 bits, the lowest first, with the top bit set in all but the last.
/// <code>
/// magic "SIST", version: 4 + 2 bytes; fingerprint of the model: 32; samples: count
/// number of values: count; by value: name, elements, zeros: count; minimum, maximum: float32; exponent of the histogram: 2 bytes
///   first and last bin that are not empty: 2 bytes each; their counts and those between
///   number of channels: count; with channels, elements of each: count, and sums: float64
/// number of values without a range: count; their names
/// CRC-32C of all that is before: 4 bytes
/// </code>
/// A name is the count of its bytes and UTF-8. Values are in the order of their names.
/// </summary>
internal static class StatisticsForm
{
    public const uint Magic = 0x54534953;

    public const ushort Version = 1;

    public const int ChecksumSize = 4;

    /// <summary>The most bytes of a file. Reading takes some ten times as much memory at most.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>The most values of a file.</summary>
    public const int MostValues = 1 << 20;

    /// <summary>The most elements of a value, so that sums of many files do not overflow.</summary>
    public const long MostElements = 1L << 48;
}
