using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Codecs.Float16;

/// <summary>
/// IEEE binary16 for binary32, to the nearest, ties to even: off by 2^−11 of the magnitude at most from 2^−14 on, by 2^−25 below. Finite
/// numbers beyond ±65504 become that; infinities and NaNs stay what they are. Other element types are passed through.
/// </summary>
/// <param name="path">How wide to compute; the bytes do not depend on it.</param>
internal sealed class Float16Codec(VectorPath path) : ITensorCodec
{
    public Float16Codec() : this(VectorPaths.Widest) { }

    public string Name => "Float16";

    public bool IsLossless => false;

    public bool IsIdentity => false;

    public long MaxEncodedLength(ElementType type, TensorShape shape) =>
        type == ElementType.Float32 ? checked(shape.ElementCount * sizeof(ushort)) : Chunks.TensorBytes(type, shape);

    public int Encode(ElementType type, TensorShape shape, ReadOnlySpan<byte> tensor, Span<byte> payload)
    {
        if (type != ElementType.Float32)
        {
            tensor.CopyTo(payload);
            return tensor.Length;
        }

        var values = MemoryMarshal.Cast<byte, uint>(tensor);
        HalfConversion.Narrow(values, MemoryMarshal.Cast<byte, ushort>(payload), path);
        return values.Length * sizeof(ushort);
    }

    public void Decode(ElementType type, TensorShape shape, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        var reader = new PayloadReader(Name, payload);
        if (type == ElementType.Float32) HalfConversion.Widen(MemoryMarshal.Cast<byte, ushort>(reader.ReadBytes(tensor.Length / 2)), MemoryMarshal.Cast<byte, uint>(tensor), path);
        else reader.ReadBytes(tensor.Length).CopyTo(tensor);
        reader.End();
    }
}
