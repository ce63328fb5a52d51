using System.Buffers.Binary;

namespace SplitInfer.Imaging.Codecs;

/// <summary>A baseline JPEG of one scan, with tables and nothing else before it: what takes several scans takes a pass over all pixels for each few bytes.</summary>
internal static class JpegHeader
{
    private const byte Mark = 0xFF, Start = 0xD8, End = 0xD9, Identity = 0xE0, Quantization = 0xDB, Huffman = 0xC4, Frame = 0xC0, Scan = 0xDA;
    private const byte Bits = 8;

    /// <inheritdoc cref="PictureHeader.FaultOf"/>
    public static string? FaultOf(ReadOnlySpan<byte> picture, PictureSize size)
    {
        if (!picture.StartsWith([Mark, Start])) return "it is no JPEG";
        var hasFrame = false;
        for (var rest = picture[2..]; ;)
        {
            if (rest[..1][0] != Mark) return "the JPEG has bytes between its segments";
            var kind = rest.Slice(1, 1)[0];
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest.Slice(2, 2));
            var segment = rest.Slice(4, length - 2);
            rest = rest[(2 + length)..];
            switch (kind)
            {
                case Identity or Quantization or Huffman:
                    break;
                case Frame when !hasFrame:
                    hasFrame = true;
                    if (PictureHeader.SizeFaultOf(BinaryPrimitives.ReadUInt16BigEndian(segment.Slice(3, 2)), BinaryPrimitives.ReadUInt16BigEndian(segment.Slice(1, 2)), size) is { } fault) return fault;
                    if (segment[0] != Bits || segment.Slice(5, 1)[0] != size.Channels) return $"the JPEG is not of 8 bits and {size.Channels} channels";
                    break;
                case Scan when hasFrame:
                    return segment[..1][0] == size.Channels && EndsWithScan(rest) ? null : "the JPEG has more than one scan, or bytes behind its end";
                default:
                    return $"the JPEG has a segment {kind:X2} that is not due";
            }
        }
    }

    /// <summary>Whether the data of a scan goes on to the end of the picture, which is marked.</summary>
    private static bool EndsWithScan(ReadOnlySpan<byte> data)
    {
        while (data.IndexOf(Mark) is >= 0 and var at && at + 1 < data.Length)
        {
            // A byte of the data that looks like a mark is followed by 0.
            if (data[at + 1] != 0) return data[at + 1] == End && at + 2 == data.Length;
            data = data[(at + 2)..];
        }

        return false;
    }
}
