using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// For outputs of convolutions: smooth in space, mostly zero, with values that max-pooling repeats. Numbers are rounded to multiples of a step,
/// predicted from their neighbours, and entropy-coded under models chosen by how active the surroundings are. Zero is exactly kept; every other
/// number is off by half a step at most. A tensor with a NaN or an infinity, and one that is no floating point, is passed through.
/// FORMAT.md beside this file defines the payload.
/// </summary>
/// <remarks>The name states the step, in hundredths of the mean magnitude of non-zero elements: <c>ConvFeature14</c>.</remarks>
internal sealed class ConvFeatureCodec : ITensorCodec
{
    private const byte Stored = 0, Coded = 1;

    private readonly int _percent;
    private readonly VectorPath _path;

    /// <summary>Makes the codec for the widest path of this machine.</summary>
    public ConvFeatureCodec(int percent) : this(percent, VectorPaths.Widest) { }

    /// <summary>Makes the codec.</summary>
    /// <param name="percent">The step, 1 to 400 hundredths of the mean magnitude.</param>
    /// <param name="path">The reference, or any other for vectors as wide as the machine's; the bytes do not depend on it.</param>
    public ConvFeatureCodec(int percent, VectorPath path)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 400);
        (_percent, _path) = (percent, path);
        Name = $"ConvFeature{percent}";
    }

    /// <summary>The steps that are worth a choice, each about √2 times the one before.</summary>
    public static ReadOnlySpan<int> Percents => [3, 5, 7, 10, 14, 20, 28, 40, 56, 80];

    public string Name { get; }

    public bool IsLossless => false;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) => checked(1 + Chunks.TensorBytes(type, shape));

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        payload = payload[..(1 + tensor.Length)];
        if (FloatingPoint.Is(type) && ConvFeatureEncoder.TryEncode(_percent, shape, type, tensor, payload[1..], _path, out var length))
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
        else if (kind == Coded && FloatingPoint.Is(type)) ConvFeatureDecoder.Decode(ref reader, shape, type, tensor, _path);
        else throw reader.Invalid($"a {type.DisplayName()} tensor is of kind {kind}");
        reader.End();
    }
}
