using System.Buffers;
using System.Buffers.Binary;
using SplitInfer.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>
/// Two bits for each word say whether it is zero, repeats a neighbour (as max-pooling makes them do) or is new; these and the
/// exponents of new words are entropy-coded. Lossless for every element type, smaller than <c>ZeroBitmap</c> and slower. FORMAT.md
/// beside this file defines the payload.
/// </summary>
/// <param name="path">How wide to compute; the bytes do not depend on it.</param>
internal sealed class ZeroBitmapEntropyCodec(VectorPath path) : ITensorCodec
{
    public ZeroBitmapEntropyCodec() : this(VectorPaths.Widest) { }

    public string Name => "ZeroBitmapEntropy";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape)
    {
        var bytes = Chunks.TensorBytes(type, shape);
        return checked(bytes + (bytes / Chunks.Bytes + 1) * Chunks.LengthBytes);
    }

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        var layout = WordLayout.Of(type, shape);
        var work = ArrayPool<byte>.Shared.Rent(WordParts.WorkLength + WordParts.MaxLength);
        try
        {
            var written = 0;
            for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
            {
                var bytes = Math.Min(Chunks.Bytes, tensor.Length - start);
                var part = EncodeChunk(layout, tensor, start, bytes, work);
                if (part.Length >= bytes) part = tensor.Slice(start, bytes);
                BinaryPrimitives.WriteInt32LittleEndian(payload[written..], part.Length);
                part.CopyTo(payload[(written + Chunks.LengthBytes)..]);
                written += Chunks.LengthBytes + part.Length;
            }

            return written;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(work);
        }
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var layout = WordLayout.Of(type, shape);
        var work = ArrayPool<byte>.Shared.Rent(WordParts.WorkLength);
        try
        {
            var reader = new PayloadReader(Name, payload);
            for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
            {
                var bytes = Math.Min(Chunks.Bytes, tensor.Length - start);
                var part = reader.ReadPart();
                if (part.Length == bytes) part.CopyTo(tensor[start..]);
                else DecodeChunk(layout, part, tensor, start, bytes, work);
            }

            reader.End();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(work);
        }
    }

    private ReadOnlySpan<byte> EncodeChunk(WordLayout layout, ReadOnlySpan<byte> tensor, int start, int bytes, Span<byte> work)
    {
        var parts = new WordParts(work, bytes / layout.WordBytes, layout.WordBytes);
        var fresh = WordPrediction.Split(layout, tensor, start, bytes, parts);
        var chunk = work[WordParts.WorkLength..];
        BinaryPrimitives.WriteInt32LittleEndian(chunk, fresh);
        var tails = parts.Tails[..(fresh * (layout.WordBytes - 1))];
        tails.CopyTo(chunk[sizeof(uint)..]);
        var at = sizeof(uint) + tails.Length;
        var kinds = EntropyBlock.Encode(parts.Kinds, chunk[(at + sizeof(uint))..], path);
        BinaryPrimitives.WriteInt32LittleEndian(chunk[at..], kinds);
        at += sizeof(uint) + kinds;
        return chunk[..(at + EntropyBlock.Encode(parts.Heads[..fresh], chunk[at..], path))];
    }

    private void DecodeChunk(WordLayout layout, ReadOnlySpan<byte> part, Span<byte> tensor, int start, int bytes, Span<byte> work)
    {
        var words = bytes / layout.WordBytes;
        var parts = new WordParts(work, words, layout.WordBytes);
        var reader = new PayloadReader(Name, part);
        var fresh = reader.ReadUInt32();
        if (fresh > words) throw reader.Invalid($"a chunk of {words} words announces {fresh} new ones");
        reader.ReadBytes((int)fresh * (layout.WordBytes - 1)).CopyTo(parts.Tails);
        EntropyBlock.Decode(Name, reader.ReadPart(), parts.Kinds, path);
        EntropyBlock.Decode(Name, reader.Rest, parts.Heads[..(int)fresh], path);
        if (!WordPrediction.TryJoin(layout, tensor, start, bytes, parts, (int)fresh)) throw reader.Invalid("new words are not as many as announced");
    }
}
