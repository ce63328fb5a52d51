using System.Buffers.Binary;

namespace SplitInfer.Imaging.Codecs;

/// <summary>A lossy WebP of one chunk. Those without loss are not taken: their code tables may take a hundred times the memory of the picture.</summary>
internal static class WebPHeader
{
    private const int FileBytes = 12, ChunkBytes = 8, FrameBytes = 10;
    private const uint SideBits = 0x3FFF;

    private static ReadOnlySpan<byte> FrameStart => [0x9D, 0x01, 0x2A];

    /// <inheritdoc cref="PictureHeader.FaultOf"/>
    public static string? FaultOf(ReadOnlySpan<byte> picture, PictureSize size)
    {
        if (!picture.StartsWith("RIFF"u8) || !picture.Slice(8, 4).SequenceEqual("WEBP"u8)) return "it is no WebP";
        if (BinaryPrimitives.ReadUInt32LittleEndian(picture[4..]) != picture.Length - ChunkBytes) return "the WebP is not as long as it says";
        var chunk = picture[FileBytes..];
        if (!chunk.StartsWith("VP8 "u8)) return "the WebP is not a plain lossy one";
        long length = BinaryPrimitives.ReadUInt32LittleEndian(chunk.Slice(4, 4));
        // Chunks have an even number of bytes.
        if (length + (length & 1) != chunk.Length - ChunkBytes) return "the WebP has chunks that are not due";
        var frame = chunk.Slice(ChunkBytes, FrameBytes);
        if ((frame[0] & 1) != 0 || !frame.Slice(3, 3).SequenceEqual(FrameStart)) return "the WebP does not begin with a whole picture";
        // Above the size are two bits that ask for scaling.
        var (width, height) = (BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]), BinaryPrimitives.ReadUInt16LittleEndian(frame[8..]));
        return ((width | height) & ~SideBits) != 0 ? "the WebP asks for scaling" : PictureHeader.SizeFaultOf(width, height, size);
    }
}
