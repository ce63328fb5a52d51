using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Wire;

/// <summary>The simplest codec that is not an identity: pairs of a count and a byte. Lossless.</summary>
internal sealed class RunLengthCodec : ITensorCodec
{
    public string Name => "RunLength";

    public bool IsLossless => true;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => 2 * type.ByteSize(shape.ElementCount);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        var written = 0;
        for (var at = 0; at < tensor.Length;)
        {
            var run = tensor[at..].IndexOfAnyExcept(tensor[at]);
            run = Math.Min(run < 0 ? tensor.Length - at : run, byte.MaxValue);
            payload[written++] = (byte)run;
            payload[written++] = tensor[at];
            at += run;
        }

        return written;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        for (; payload.Length >= 2 && payload[0] > 0 && payload[0] <= tensor.Length; payload = payload[2..])
        {
            tensor[..payload[0]].Fill(payload[1]);
            tensor = tensor[payload[0]..];
        }

        if (!payload.IsEmpty || !tensor.IsEmpty) throw new InvalidPayloadException(Name, "the runs do not add up");
    }
}
