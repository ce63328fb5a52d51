using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using SplitInfer.Protocol;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>Writes statistics in the form of <see cref="StatisticsForm"/>.</summary>
internal sealed class StatisticsWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    private StatisticsWriter() { }

    /// <exception cref="InvalidStatisticsException">They have more values or bytes than a file can hold.</exception>
    public static byte[] Write(SampleStatistics statistics, string path)
    {
        if (Math.Max(statistics.Values.Count, statistics.WithoutRange.Count) is var most && most > StatisticsForm.MostValues) throw InvalidStatisticsException.TooMany(path, most, "values", StatisticsForm.MostValues);
        var writer = new StatisticsWriter();
        BinaryPrimitives.WriteUInt32LittleEndian(writer.Take(4), StatisticsForm.Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(writer.Take(2), StatisticsForm.Version);
        writer._bytes.Write(statistics.Model.Bytes);
        writer.Count(statistics.Samples);
        writer.Count(statistics.Values.Count);
        foreach (var (name, value) in statistics.Values.OrderBy(static v => v.Key, StringComparer.Ordinal))
        {
            // What is too much is told below.
            if (writer._bytes.WrittenCount > StatisticsForm.MostBytes) break;
            writer.Name(name);
            writer.Value(value);
        }

        writer.Count(statistics.WithoutRange.Count);
        foreach (var name in statistics.WithoutRange.Order(StringComparer.Ordinal)) writer.Name(name);
        var checksum = Crc32C.Append(0, writer._bytes.WrittenSpan);
        BinaryPrimitives.WriteUInt32LittleEndian(writer.Take(StatisticsForm.ChecksumSize), checksum);
        var written = writer._bytes.WrittenSpan;
        return written.Length <= StatisticsForm.MostBytes ? written.ToArray() : throw InvalidStatisticsException.TooMany(path, written.Length, "bytes", StatisticsForm.MostBytes);
    }

    private void Value(ValueStatistics value)
    {
        Count(value.Count);
        Count(value.Zeros);
        BinaryPrimitives.WriteSingleLittleEndian(Take(4), value.Minimum);
        BinaryPrimitives.WriteSingleLittleEndian(Take(4), value.Maximum);
        BinaryPrimitives.WriteInt16LittleEndian(Take(2), (short)value.Exponent);
        var counts = value.Counts;
        var (first, last) = (counts.IndexOfAnyExcept(0), counts.LastIndexOfAnyExcept(0));
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), (ushort)first);
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), (ushort)last);
        foreach (var count in counts[first..(last + 1)]) Count(count);
        Count(value.ChannelSums.Length);
        if (value.ChannelSums.IsEmpty) return;
        Count(value.ChannelElements);
        foreach (var sum in value.ChannelSums) BinaryPrimitives.WriteDoubleLittleEndian(Take(8), sum);
    }

    private void Name(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        Count(bytes.Length);
        _bytes.Write(bytes);
    }

    private void Count(long count)
    {
        for (; count >= 0x80; count >>= 7) Take(1)[0] = (byte)(count | 0x80);
        Take(1)[0] = (byte)count;
    }

    private Span<byte> Take(int size)
    {
        var span = _bytes.GetSpan(size)[..size];
        _bytes.Advance(size);
        return span;
    }
}
