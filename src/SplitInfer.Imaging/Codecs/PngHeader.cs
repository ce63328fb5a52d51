using System.Buffers.Binary;

namespace SplitInfer.Imaging.Codecs;

/// <summary>A PNG of a header, the number of significant bits, data and an end, and nothing else: 8 bits a channel, without transparency and interlacing.</summary>
internal static class PngHeader
{
    // Of a chunk: its length and name before its data, and a checksum behind it.
    private const int BeforeData = 8, AroundData = 12;
    private const int HeaderBytes = 13;
    private const byte Gray = 0, Color = 2, Bits = 8;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <inheritdoc cref="PictureHeader.FaultOf"/>
    public static string? FaultOf(ReadOnlySpan<byte> picture, PictureSize size)
    {
        if (!picture.StartsWith(Signature)) return "it is no PNG";
        var rest = picture[Signature.Length..];
        if (!IsChunk(rest, "IHDR"u8) || LengthOf(rest) != HeaderBytes) return "the PNG does not begin with its header";
        var header = rest.Slice(BeforeData, HeaderBytes);
        if (PictureHeader.SizeFaultOf(BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]), size) is { } fault) return fault;
        // Compression, filters and interlacing are the only ones, and none.
        if (header[8] != Bits || header[9] != (size.Channels == 1 ? Gray : Color) || header[10..].ContainsAnyExcept((byte)0)) return "the PNG is not of 8 bits a channel, opaque and not interlaced";
        rest = rest[(AroundData + HeaderBytes)..];
        if (IsChunk(rest, "sBIT"u8) && LengthOf(rest) == size.Channels) rest = rest[(AroundData + size.Channels)..];
        for (; IsChunk(rest, "IDAT"u8); rest = rest[(AroundData + (int)LengthOf(rest))..])
            if (LengthOf(rest) > rest.Length - AroundData) return "the PNG is cut short";
        return IsChunk(rest, "IEND"u8) && LengthOf(rest) == 0 && rest.Length == AroundData ? null : "the PNG has chunks that are not due, or bytes behind its end";
    }

    private static uint LengthOf(ReadOnlySpan<byte> chunk) => BinaryPrimitives.ReadUInt32BigEndian(chunk);

    private static bool IsChunk(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> name) => rest.Length >= AroundData && rest.Slice(4, 4).SequenceEqual(name);
}
