using System.Buffers.Binary;

namespace SplitInfer.Policies.Experience;

/// <summary>The bytes of <see cref="ExperienceStatistics"/>: a header of eight, then little-endian single-precision numbers. Stateless.</summary>
/// <remarks>
/// <code>
/// 0   4   "SIXS"
/// 4   2   version, 1
/// 6   2   d, features
/// 8   4   weight
/// …   4·d·(d + 1)/2   A by rows, as far as the diagonal
/// …   4·d             b
/// …   4·18            by signal: count, sum and sum of squares of ratings
/// </code>
/// </remarks>
internal static class ExperienceStatisticsFormat
{
    /// <summary>Length of all of it.</summary>
    public const int Length = Header + (4 * (1 + ExperienceStatistics.Packed + FeatureMap.Dimension + (3 * SignalStatistics.Signals)));

    private const int Header = 8;
    private const ushort Version = 1;

    /// <summary>More ratings than any fleet has.</summary>
    private const double MaxWeight = 1e12;

    /// <summary>Single precision and differences of sums leave numbers a hair outside of what they can be.</summary>
    private const double Slack = 1e-3;

    private static ReadOnlySpan<byte> Magic => "SIXS"u8;

    public static byte[] Write(ExperienceStatistics statistics)
    {
        var bytes = new byte[Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), FeatureMap.Dimension);
        var at = Header;
        Put(statistics.Weight);
        foreach (var number in statistics.A) Put(number);
        foreach (var number in statistics.B) Put(number);
        foreach (var signal in statistics.Signals)
        {
            Put(signal.Count);
            Put(signal.Sum);
            Put(signal.Squares);
        }

        return bytes;

        void Put(double number)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), (float)number);
            at += 4;
        }
    }

    public static ExperienceStatistics Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Header || !bytes[..4].SequenceEqual(Magic)) throw new ExperienceStatisticsException("These bytes are no statistics of experience.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]) is var version && version != Version) throw new ExperienceStatisticsException($"The statistics have version {version}; this release reads {Version}.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) is var features && features != FeatureMap.Dimension) throw new ExperienceStatisticsException($"The statistics are of {features} features; this release has {FeatureMap.Dimension}.");
        if (bytes.Length != Length) throw new ExperienceStatisticsException($"The statistics have {bytes.Length} bytes in place of {Length}.");
        var numbers = new Numbers(bytes[Header..]);
        var weight = numbers.Next(0, MaxWeight);
        var limit = weight + Slack + (weight * Slack);
        var a = new double[ExperienceStatistics.Packed];
        for (var i = 0; i < a.Length; i++) a[i] = numbers.Next(-limit, limit);
        var b = new double[FeatureMap.Dimension];
        for (var i = 0; i < b.Length; i++) b[i] = numbers.Next(-limit, limit);
        var signals = new SignalStatistics[SignalStatistics.Signals];
        for (var i = 0; i < signals.Length; i++)
        {
            var count = numbers.Next(0, limit);
            signals[i] = new(count, numbers.Next(0, count + Slack), numbers.Next(0, count + Slack));
        }

        var statistics = new ExperienceStatistics(a, b, [.. signals], weight);
        return PossibleSums.Are(statistics, of: statistics) ? statistics : throw Impossible();
    }

    private static ExperienceStatisticsException Impossible() => new("The statistics hold numbers that no ratings give.");

    private ref struct Numbers(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        public double Next(double min, double max)
        {
            var number = BinaryPrimitives.ReadSingleLittleEndian(_left);
            _left = _left[4..];
            return number >= min && number <= max ? number : throw Impossible();
        }
    }
}
