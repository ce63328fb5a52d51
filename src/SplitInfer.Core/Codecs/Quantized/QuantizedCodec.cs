using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Quantized;

/// <summary>
/// Floating-point numbers rounded to 2 to 8 bits, then entropy-coded. The range is clipped where that costs least for the
/// exponential distribution that fits; zero is preserved exactly; the error within the range is at most half a step. A tensor with a
/// NaN or an infinity, and one that is no floating point, is passed through. FORMAT.md beside this file defines the payload.
/// </summary>
/// <remarks>The name states the options, <c>Quantized8</c> or <c>Quantized4PerChannel</c>, so that client and server know them.</remarks>
internal sealed class QuantizedCodec : ITensorCodec
{
    private const byte Stored = 0, Coded = 1;

    private readonly int _bits;
    private readonly bool _perChannel;
    private readonly VectorPath _path;

    /// <summary>Makes the codec for the widest path of this machine.</summary>
    public QuantizedCodec(int bits, bool perChannel = false) : this(bits, perChannel, VectorPaths.Widest) { }

    /// <summary>Makes the codec.</summary>
    /// <param name="bits">Bits of a symbol, 2 to 8.</param>
    /// <param name="perChannel">Whether each channel gets a range of its own.</param>
    /// <param name="path">How wide to compute; the bytes do not depend on it.</param>
    public QuantizedCodec(int bits, bool perChannel, VectorPath path)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 8);
        (_bits, _perChannel, _path) = (bits, perChannel, path);
        Name = $"Quantized{bits}{(perChannel ? "PerChannel" : "")}";
    }

    public string Name { get; }

    public bool IsLossless => false;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => checked(1 + Chunks.TensorBytes(type, shape));

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        payload = payload[..(1 + tensor.Length)];
        if (FloatingPoint.Is(type) && QuantizedEncoder.TryEncode(_bits, ChannelLayout.Of(shape, _perChannel), type, tensor, payload[1..], _path, out var length))
        {
            payload[0] = Coded;
            return 1 + length;
        }

        payload[0] = Stored;
        tensor.CopyTo(payload[1..]);
        return payload.Length;
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var reader = new PayloadReader(Name, payload);
        var kind = reader.ReadByte();
        if (kind == Stored) reader.ReadBytes(tensor.Length).CopyTo(tensor);
        else if (kind == Coded && FloatingPoint.Is(type)) QuantizedDecoder.Decode(ref reader, (1 << _bits) - 1, ChannelLayout.Of(shape, _perChannel), type, tensor, _path);
        else throw reader.Invalid($"a {type.DisplayName()} tensor is of kind {kind}");
        reader.End();
    }
}
