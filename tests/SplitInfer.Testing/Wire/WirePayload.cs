using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Wire;

/// <summary>The bytes of messages' payloads, all at once.</summary>
internal static class WirePayload
{
    /// <summary>The payload that carries <paramref name="tensors"/>.</summary>
    public static byte[] Of(ITensorCodec codec, params TensorValue[] tensors) => [.. tensors.SelectMany(tensor => Of(codec, tensor))];

    /// <summary>The tensor that a payload of one carries.</summary>
    public static byte[] Decode(ITensorCodec codec, ElementType type, TensorShape shape, ReadOnlySpan<byte> payload)
    {
        var tensor = new byte[type.ByteSize(shape.ElementCount)];
        new SlabbedCodec(codec).Decode(type, shape, payload, tensor);
        return tensor;
    }

    private static byte[] Of(ITensorCodec codec, TensorValue tensor)
    {
        var slabbed = new SlabbedCodec(codec);
        var payload = new byte[slabbed.MaxEncodedLength(tensor.ElementType, tensor.Shape)];
        return payload[..slabbed.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, payload)];
    }
}
