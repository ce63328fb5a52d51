using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Wire;

/// <summary>A codec that takes tensors whole, and is of use for colour pictures only. Lossless: a byte, then the tensor.</summary>
internal sealed class WholeCodec : ITensorCodec
{
    private const byte Mark = 7;

    public string Name => "Whole";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public bool TakesSlabs => false;

    /// <summary>The shapes that it encoded.</summary>
    public List<TensorShape> Encoded { get; } = [];

    public bool Suits(TensorSpec value) => value.Dimensions is [_, { Size: 3 }, _, _];

    public long MaxEncodedLength(ElementType type, TensorShape shape) => 1 + type.ByteSize(shape.ElementCount);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        lock (Encoded) Encoded.Add(shape);
        payload[0] = Mark;
        tensor.CopyTo(payload[1..]);
        return 1 + tensor.Length;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (payload.Length != tensor.Length + 1 || payload[0] != Mark) throw new InvalidPayloadException(Name, "it is not the tensor behind a mark");
        payload[1..].CopyTo(tensor);
    }
}
