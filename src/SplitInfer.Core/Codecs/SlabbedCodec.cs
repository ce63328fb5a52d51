using SplitInfer.Tensors;

namespace SplitInfer.Codecs;

/// <summary>A codec as a boundary travels in it: by slabs, each with its length before it. Its payloads are those bytes of a message, all at once.</summary>
internal sealed class SlabbedCodec(ITensorCodec codec) : ITensorCodec
{
    public string Name => codec.Name;

    public bool IsLossless => codec.IsLossless;

    public bool IsIdentity => codec.IsIdentity;

    public bool TakesSlabs => codec.TakesSlabs;

    public bool Suits(TensorSpec value) => codec.Suits(value);

    public long MaxEncodedLength(ElementType type, TensorShape shape)
    {
        if (IsIdentity) return codec.MaxEncodedLength(type, shape);
        var slabs = Slabs.For(codec, type, shape);
        return checked(slabs.Count * (Slabs.LengthBytes + slabs.MaxEncodedLength(codec)));
    }

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        if (IsIdentity) return codec.Encode(type, shape, tensor, payload);
        var slabs = Slabs.For(codec, type, shape);
        var written = 0;
        for (var slab = 0; slab < slabs.Count; slab++) written += slabs.Encode(slab, codec, tensor, payload[written..]);
        return written;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        if (IsIdentity)
        {
            codec.Decode(type, shape, payload, tensor);
            return;
        }

        var slabs = Slabs.For(codec, type, shape);
        var reader = new PayloadReader(Name, payload);
        for (var slab = 0; slab < slabs.Count; slab++) slabs.Decode(slab, codec, reader.ReadPart(), tensor);
        reader.End();
    }
}
