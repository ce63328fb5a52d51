using System.Buffers.Binary;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ZeroBitmap;

/// <summary>
/// A bit for each word tells whether it is zero; the non-zero words follow. Lossless for every element type, since a word is
/// zero only if all its bits are; faster than the memory it reads. FORMAT.md beside this file defines the payload.
/// </summary>
/// <param name="path">How wide to compute; the bytes do not depend on it.</param>
internal sealed class ZeroBitmapCodec(VectorPath path) : ITensorCodec
{
    // What a vector may write beyond the last word that it keeps.
    private const int Spill = 64;

    public ZeroBitmapCodec() : this(VectorPaths.Widest) { }

    /// <summary>The name of this codec.</summary>
    public const string CodecName = "ZeroBitmap";

    public string Name => CodecName;

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape)
    {
        var bytes = Chunks.TensorBytes(type, shape);
        return checked(bytes + (bytes / Chunks.Bytes + 1) * (Chunks.LengthBytes + Chunks.Bytes / 8 / sizeof(ushort)) + Spill);
    }

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        var wordBytes = WordBytes(type);
        var written = 0;
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var chunk = tensor[start..Math.Min(start + Chunks.Bytes, tensor.Length)];
            var destination = payload[(written + Chunks.LengthBytes)..];
            var length = wordBytes == 1 ? chunk.Length : ZeroWords.Compact(chunk, wordBytes, destination, path);
            if (length >= chunk.Length)
            {
                chunk.CopyTo(destination);
                length = chunk.Length;
            }

            BinaryPrimitives.WriteInt32LittleEndian(payload[written..], length);
            written += Chunks.LengthBytes + length;
        }

        return written;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var wordBytes = WordBytes(type);
        var reader = new PayloadReader(Name, payload);
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var chunk = tensor[start..Math.Min(start + Chunks.Bytes, tensor.Length)];
            var part = reader.ReadPart();
            if (part.Length == chunk.Length) part.CopyTo(chunk);
            else if (wordBytes == 1 || !ZeroWords.TryExpand(part, wordBytes, chunk, path)) throw reader.Invalid("a bitmap does not fit its chunk");
        }

        reader.End();
    }

    // Elements of more than 32 bits are split, because small values contain words of zero; narrow ones are not changed.
    private static int WordBytes(ElementType type) => type.BitWidth() switch
    {
        >= 32 => sizeof(uint),
        16 => sizeof(ushort),
        _ => 1,
    };
}
