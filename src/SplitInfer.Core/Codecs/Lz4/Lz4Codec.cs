using System.Buffers.Binary;
using K4os.Compression.LZ4;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Lz4;

/// <summary>LZ4 in its standard block format, a block for each chunk. Lossless for every element type; made for inputs that repeat themselves, not for activations.</summary>
internal sealed class Lz4Codec : ITensorCodec
{
    public string Name => "Lz4";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape)
    {
        var bytes = Chunks.TensorBytes(type, shape);
        return checked(bytes + (bytes / Chunks.Bytes + 1) * Chunks.LengthBytes);
    }

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        var written = 0;
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var chunk = tensor[start..Math.Min(start + Chunks.Bytes, tensor.Length)];
            var destination = payload[(written + Chunks.LengthBytes)..];

            // One byte less than the chunk, because a payload of the chunk's length means uncompressed bytes.
            var length = LZ4Codec.Encode(chunk, destination[..(chunk.Length - 1)], LZ4Level.L00_FAST);
            if (length < 0)
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
        // K4os accepts an offset of zero and then does not overwrite the target, which may contain data of another request.
        tensor.Clear();
        var reader = new PayloadReader(Name, payload);
        for (var start = 0; start < tensor.Length; start += Chunks.Bytes)
        {
            var chunk = tensor[start..Math.Min(start + Chunks.Bytes, tensor.Length)];
            var block = reader.ReadPart();
            if (block.Length == chunk.Length) block.CopyTo(chunk);
            else if (!TryDecode(block, chunk)) throw reader.Invalid("a block does not decode to its chunk");
        }

        reader.End();
    }

    // PartialDecode would accept blocks that end early; Enforce32 makes the same checks on narrower words. K4os overflows on blocks over
    // 16 MiB and writes past the target, so blocks that are not shorter than their chunk are refused.
    private static bool TryDecode(ReadOnlySpan<byte> block, Span<byte> chunk) =>
        block.Length < chunk.Length && LZ4Codec.Decode(block, chunk) == chunk.Length;
}
