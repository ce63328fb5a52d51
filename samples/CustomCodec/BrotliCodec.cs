using System.IO.Compression;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace CustomCodec;

/// <summary>A lossless codec of your own: Brotli at its fastest. Client and server must know it.</summary>
public sealed class BrotliCodec : ITensorCodec
{
    private const int Quality = 1, WindowBits = 18;

    public string Name => "Brotli";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => BrotliEncoder.GetMaxCompressedLength(checked((int)type.ByteSize(shape.ElementCount)));

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload) =>
        BrotliEncoder.TryCompress(tensor, payload, out var written, Quality, WindowBits) ? written : throw new InvalidOperationException("The payload is too short.");

    // The payload may be anything that a peer sends: it must fill the tensor exactly.
    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (!BrotliDecoder.TryDecompress(payload, tensor, out var written) || written != tensor.Length)
            throw new InvalidPayloadException(Name, "it is not a Brotli stream of the tensor's length");
    }
}
