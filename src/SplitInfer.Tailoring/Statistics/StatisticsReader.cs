using System.Buffers.Binary;
using System.Text;
using SplitInfer.Protocol;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>Reads statistics in the form of <see cref="StatisticsForm"/>, and checks that they could have been collected.</summary>
internal ref struct StatisticsReader
{
    // Means are sums of rounded numbers.
    private const double Rounding = 1e-5;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    // Where one histogram after the other is read.
    private readonly long[] _bins = new long[2 * ValueStatistics.BinsPerSign];
    private readonly string _path;
    private ReadOnlySpan<byte> _left;

    private StatisticsReader(ReadOnlySpan<byte> bytes, string path)
    {
        _left = bytes;
        _path = path;
    }

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidStatisticsException">It is no such file.</exception>
    public static SampleStatistics Read(ReadOnlySpan<byte> bytes, string path)
    {
        var header = new StatisticsReader(bytes, path);
        if (bytes.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(header.Take(4)) != StatisticsForm.Magic) throw header.Problem("it is no file of statistics");
        if (BinaryPrimitives.ReadUInt16LittleEndian(header.Take(2)) is var version && version != StatisticsForm.Version) throw header.Problem($"it has version {version}, and this program reads {StatisticsForm.Version}");
        if (header._left.Length < StatisticsForm.ChecksumSize || Crc32C.Append(0, bytes[..^StatisticsForm.ChecksumSize]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^StatisticsForm.ChecksumSize..])) throw header.Problem("its checksum is wrong, so it is damaged or cut off");
        return new StatisticsReader(header._left[..^StatisticsForm.ChecksumSize], path).Read();
    }

    private SampleStatistics Read()
    {
        var statistics = new SampleStatistics(new Fingerprint(Take(Fingerprint.Size).ToArray()));
        var samples = (int)Count(int.MaxValue, "samples");
        if (samples == 0) throw Problem("it is of no sample");
        var values = Count(StatisticsForm.MostValues, "values");
        for (var i = 0L; i < values; i++)
        {
            var name = Name();
            if (!statistics.TryTake(name, Value(name))) throw Problem($"it has the value '{name}' twice");
        }

        var without = Count(StatisticsForm.MostValues, "values without a range");
        for (var i = 0L; i < without; i++)
            if (!statistics.TryTakeWithoutRange(Name())) throw Problem("it has a value twice");
        if (!_left.IsEmpty) throw Problem($"it has {_left.Length} bytes behind its end");
        statistics.TakeSamples(samples);
        return statistics;
    }

    private ValueStatistics Value(string name)
    {
        var count = Count(StatisticsForm.MostElements, "elements");
        var zeros = Count(count, "zeros");
        var (minimum, maximum) = (BinaryPrimitives.ReadSingleLittleEndian(Take(4)), BinaryPrimitives.ReadSingleLittleEndian(Take(4)));
        var exponent = BinaryPrimitives.ReadInt16LittleEndian(Take(2));
        if (count == 0 || !float.IsFinite(minimum) || !float.IsFinite(maximum) || minimum > maximum || exponent is < ValueStatistics.MinExponent or > ValueStatistics.MaxExponent) throw Problem($"the value '{name}' has no range");
        var (first, last) = (BinaryPrimitives.ReadUInt16LittleEndian(Take(2)), BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
        if (first > last || last >= 2 * ValueStatistics.BinsPerSign || last - first >= _left.Length) throw Problem($"the histogram of '{name}' is not complete");
        var counts = _bins.AsSpan();
        var sum = 0L;
        counts.Clear();
        for (var bin = first; bin <= last; bin++) sum += counts[bin] = Count(count - sum, "elements of a bin");
        if (sum != count || zeros > counts[ValueStatistics.BinsPerSign] || ValueStatistics.BinOf(minimum, exponent) != first || ValueStatistics.BinOf(maximum, exponent) != last || counts[first] == 0 || counts[last] == 0) throw Problem($"the histogram of '{name}' does not fit its range");
        var histogram = SparseHistogram.Of(counts[first..(last + 1)], first);
        var channels = (int)Count(ushort.MaxValue, "channels");
        if (channels == 0) return new(histogram, exponent, count, zeros, minimum, maximum, null, 0);
        var elements = Count(count, "elements of a channel");
        if (elements * channels != count) throw Problem($"the channels of '{name}' do not add up");
        var value = new ValueStatistics(histogram, exponent, count, zeros, minimum, maximum, Sums(channels), elements);
        return SumBounds.Hold(value, counts, Rounding) ? value : throw Problem($"the means of '{name}' do not fit its histogram");
    }

    private double[] Sums(int channels)
    {
        var bytes = Take(channels * sizeof(double));
        var sums = new double[channels];
        for (var channel = 0; channel < channels; channel++) sums[channel] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(channel * sizeof(double))..]);
        return sums;
    }

    private string Name()
    {
        var length = (int)Count(_left.Length, "bytes of a name");
        try
        {
            return Strict.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Problem("a name is no text");
        }
    }

    private long Count(long most, string what)
    {
        var count = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(1)[0];
            count |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) break;
            if (shift == 56) throw Problem($"a number of {what} does not end");
        }

        return count <= (ulong)most ? (long)count : throw Problem($"it has {count} {what}, over the {most} that there can be");
    }

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size > _left.Length) throw Problem("it ends too early");
        var taken = _left[..size];
        _left = _left[size..];
        return taken;
    }

    private readonly InvalidStatisticsException Problem(string problem) => new(_path, problem);
}
