using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Soak.Load;

/// <summary>A codec of the product that tells of what it decodes.</summary>
internal sealed class WatchedCodec(ITensorCodec inner, Action onDecode) : ITensorCodec
{
    public string Name => inner.Name;

    public bool IsLossless => inner.IsLossless;

    public bool IsIdentity => inner.IsIdentity;

    /// <summary>All of them.</summary>
    public static CodecRegistry WatchAll(Action onDecode) => new(CodecRegistry.Default.All.Select(codec => new WatchedCodec(codec, onDecode)));

    public long MaxEncodedLength(ElementType type, TensorShape shape) => inner.MaxEncodedLength(type, shape);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload) => inner.Encode(type, shape, tensor, payload);

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        onDecode();
        inner.Decode(type, shape, payload, tensor);
    }
}
