using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Raw;

/// <summary>The bytes of the tensor as they are: row-major, little-endian, any element type of fixed size. Lossless; the oracle for every other codec.</summary>
internal sealed class RawCodec : ITensorCodec
{
    /// <summary>The name of this codec.</summary>
    public const string CodecName = "Raw";

    public string Name => CodecName;

    public bool IsLossless => true;

    public bool IsIdentity => true;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => type.ByteSize(shape.ElementCount);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        tensor.CopyTo(payload);
        return tensor.Length;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (payload.Length != tensor.Length)
            throw new InvalidPayloadException(Name, $"{tensor.Length} bytes were due and {payload.Length} came");
        payload.CopyTo(tensor);
    }
}
