using SplitInfer.Codecs.Entropy;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ZeroBitmapEntropy;

/// <summary>
/// Two bits for each word tell whether it is zero, repeats a neighbour (as max-pooling makes them do) or is new; these and the
/// exponents of new words are entropy-coded. Lossless for every element type, smaller than <c>ZeroBitmap</c> and slower. FORMAT.md
/// beside this file defines the payload.
/// </summary>
/// <param name="path">How wide to compute; the bytes do not depend on it.</param>
internal sealed class ZeroBitmapEntropyCodec(VectorPath path) : ITensorCodec
{
    public ZeroBitmapEntropyCodec() : this(VectorPaths.Widest) { }

    /// <summary>The name of this codec.</summary>
    public const string CodecName = "ZeroBitmapEntropy";

    public string Name => CodecName;

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
        var writer = new PayloadWriter(payload);
        using var work = new Pooled<byte>(WordParts.WorkLength);
        using var coded = new Pooled<byte>(WordParts.WorkLength);
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var bytes = Math.Min(Chunks.Bytes, tensor.Length - start);
            var chunk = new PayloadWriter(coded.Span[..bytes]);
            EncodeChunk(layout, tensor, start, bytes, work.Span, ref chunk);
            writer.WritePart(chunk.Overran ? tensor.Slice(start, bytes) : coded.Span[..chunk.Written]);
        }

        return writer.Written;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var layout = WordLayout.Of(type, shape);
        var reader = new PayloadReader(Name, payload);
        using var work = new Pooled<byte>(WordParts.WorkLength);
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var bytes = Math.Min(Chunks.Bytes, tensor.Length - start);
            var part = reader.ReadPart();
            if (part.Length == bytes) part.CopyTo(tensor[start..]);
            else DecodeChunk(layout, part, tensor, start, bytes, work.Span);
        }

        reader.End();
    }

    private void EncodeChunk(WordLayout layout, ReadOnlySpan<byte> tensor, int start, int bytes, Span<byte> work, ref PayloadWriter chunk)
    {
        var words = bytes / layout.WordBytes;
        var parts = new WordParts(work, words, layout.WordBytes);
        var fresh = WordSplitter.Split(layout, tensor, start, bytes, parts, path);
        using var block = new Pooled<byte>(EntropyBlock.MaxLength(words));
        chunk.WritePart(block.Span[..EntropyBlock.Encode(parts.Kinds, block.Span, path)]);
        chunk.WritePart(block.Span[..EntropyBlock.Encode(parts.Heads[..fresh], block.Span, path)]);
        chunk.Write(parts.Tails[..(fresh * (layout.WordBytes - 1))]);

        // A chunk as long as its input would be read as uncompressed bytes.
        if (chunk.Written == bytes) chunk.Write([0]);
    }

    private void DecodeChunk(WordLayout layout, ReadOnlySpan<byte> part, Span<byte> tensor, int start, int bytes, Span<byte> work)
    {
        var parts = new WordParts(work, bytes / layout.WordBytes, layout.WordBytes);
        var reader = new PayloadReader(Name, part);
        EntropyBlock.Decode(Name, reader.ReadPart(), parts.Kinds, path);
        var fresh = parts.CountNew();
        if (fresh < 0) throw reader.Invalid("a chunk goes on beyond its last word");
        EntropyBlock.Decode(Name, reader.ReadPart(), parts.Heads[..fresh], path);
        reader.ReadBytes(fresh * (layout.WordBytes - 1)).CopyTo(parts.Tails);
        reader.End();
        WordSplitter.Join(layout, tensor, start, bytes, parts, path);
    }
}
