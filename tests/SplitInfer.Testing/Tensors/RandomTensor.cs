using System.Buffers.Binary;
using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Seeded tensors of any numeric element type.</summary>
public static class RandomTensor
{
    /// <summary>Numbers of a normal distribution; small whole numbers ≥ 0 for integers, coin tosses for booleans.</summary>
    public static TensorValue Normal(Random random, ElementType type, params ReadOnlySpan<long> shape) => type switch
    {
        ElementType.Bool => Fill(type, new(shape), () => random.Next(2)),
        ElementType.Float32 or ElementType.Float64 or ElementType.Float16 or ElementType.BFloat16 => Fill(type, new(shape), () => NextNormal(random)),
        _ => Fill(type, new(shape), () => random.Next(8)),
    };

    /// <summary>Evenly distributed numbers of the given mean and standard deviation.</summary>
    public static TensorValue Uniform(Random random, ElementType type, double mean, double deviation, params ReadOnlySpan<long> shape)
    {
        var reach = deviation * Math.Sqrt(3);
        return Fill(type, new(shape), () => mean + reach * (2 * random.NextSingle() - 1));
    }

    /// <summary>Any bit pattern, NaN and infinities included.</summary>
    public static TensorValue Bits(Random random, ElementType type, params ReadOnlySpan<long> shape)
    {
        var tensor = TensorValue.Allocate(type, new(shape));
        random.NextBytes(tensor.Bytes.Span);
        if (type == ElementType.Bool)
            foreach (ref var b in tensor.Bytes.Span) b &= 1;
        return tensor;
    }

    /// <summary>A number of the standard normal distribution.</summary>
    public static double NextNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>A tensor whose elements are what <paramref name="next"/> gives, converted to the type.</summary>
    public static TensorValue Fill(ElementType type, TensorShape shape, Func<double> next)
    {
        var tensor = TensorValue.Allocate(type, shape);
        var (bytes, width) = (tensor.Bytes, type.BitWidth() / 8);
        for (var at = 0; at < bytes.Length; at += width) Write(type, next(), bytes.Span.Slice(at, width));
        return tensor;
    }

    private static void Write(ElementType type, double value, Span<byte> element)
    {
        switch (type)
        {
            case ElementType.Float32: BinaryPrimitives.WriteSingleLittleEndian(element, (float)value); break;
            case ElementType.Float64: BinaryPrimitives.WriteDoubleLittleEndian(element, value); break;
            case ElementType.Float16: BinaryPrimitives.WriteHalfLittleEndian(element, (Half)value); break;
            case ElementType.BFloat16: BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16)); break;
            case ElementType.UInt8 or ElementType.Int8 or ElementType.Bool: element[0] = (byte)(long)value; break;
            case ElementType.UInt16 or ElementType.Int16: BinaryPrimitives.WriteInt16LittleEndian(element, (short)(long)value); break;
            case ElementType.UInt32 or ElementType.Int32: BinaryPrimitives.WriteInt32LittleEndian(element, (int)(long)value); break;
            case ElementType.UInt64 or ElementType.Int64: BinaryPrimitives.WriteInt64LittleEndian(element, (long)value); break;
            default: throw new NotSupportedException($"No {type.DisplayName()} is made here.");
        }
    }
}
