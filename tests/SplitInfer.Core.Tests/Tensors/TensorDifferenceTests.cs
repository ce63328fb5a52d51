using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorDifferenceTests
{
    [Fact]
    public void The_largest_differences_are_found_wherever_they_are() => Sampled.Check(seed: 5, count: 50, random =>
    {
        var elements = new float[random.Next(1, 3000)];
        Array.Fill(elements, 10);
        using var expected = TensorValue.From<float>(elements);
        elements[random.Next(elements.Length)] = 12;
        using var actual = TensorValue.From<float>(elements);
        var difference = TensorDifference.Between(expected, actual);
        Assert.Equal(new TensorDifference(2, 2.0 / 12, 2.0 / 11, false), difference);
        Assert.True(difference.IsWithin(0.2));
        Assert.False(difference.IsWithin(0.1));
    });

    [Theory]
    [InlineData(float.NaN, float.NaN, 0)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, 0)]
    [InlineData(0f, -0f, 0)]
    [InlineData(float.NaN, 1, double.PositiveInfinity)]
    [InlineData(1, float.NaN, double.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, double.PositiveInfinity)]
    public void Numbers_that_are_none_are_compared_as_people_expect(float expected, float actual, double difference)
    {
        using var left = TensorValue.From<float>([expected]);
        using var right = TensorValue.From<float>([actual]);
        Assert.Equal(difference, TensorDifference.Between(left, right).MaxAbs);
    }

    [Fact]
    public void Equal_bits_are_bit_exact_for_every_type() => Sampled.Check(seed: 6, count: 100, random =>
    {
        var types = Enum.GetValues<ElementType>().Where(static t => t.HasFixedSize()).ToArray();
        using var tensor = RandomTensor.Bits(random, types[random.Next(types.Length)], 1000);
        using var copy = TensorValue.From(tensor.ElementType, tensor.Shape, tensor.Bytes.Span);
        Assert.Equal(TensorDifference.None, TensorDifference.Between(tensor, copy));
        copy.Bytes.Span[random.Next(copy.ByteLength)] ^= 1;
        Assert.False(TensorDifference.Between(tensor, copy).IsBitExact);
    });

    // Bytes of 1 and of −1.5 or its nearest whole number, element by element.
    [Theory]
    [InlineData(ElementType.BFloat16, "803F", "C0BF", 2.5)]
    [InlineData(ElementType.Float16, "003C", "00BE", 2.5)]
    [InlineData(ElementType.Float8E4M3FN, "38", "BC", 2.5)]
    [InlineData(ElementType.Float8E4M3FNUZ, "40", "C4", 2.5)]
    [InlineData(ElementType.Float8E5M2, "3C", "BE", 2.5)]
    [InlineData(ElementType.Float8E5M2FNUZ, "40", "C2", 2.5)]
    [InlineData(ElementType.Float8E4M3FN, "01", "00", 1.0 / 512)]
    [InlineData(ElementType.Float8E4M3FN, "7F", "FF", 0)]
    [InlineData(ElementType.Float8E4M3FNUZ, "80", "00", double.PositiveInfinity)]
    [InlineData(ElementType.Int4, "01", "0E", 3)]
    [InlineData(ElementType.UInt4, "01", "0E", 13)]
    [InlineData(ElementType.Int8, "01", "FE", 3)]
    [InlineData(ElementType.UInt16, "0100", "0080", 32767)]
    [InlineData(ElementType.Int64, "0100000000000000", "FEFFFFFFFFFFFFFF", 3)]
    [InlineData(ElementType.UInt32, "01000000", "FFFFFFFF", 4294967294)]
    [InlineData(ElementType.Complex64, "0000803F00000000", "0000803F0000C0BF", 1.5)]
    public void Every_type_is_read_for_what_it_is(ElementType type, string expected, string actual, double difference)
    {
        using var left = TensorValue.From(type, new(1), Convert.FromHexString(expected));
        using var right = TensorValue.From(type, new(1), Convert.FromHexString(actual));
        Assert.Equal(difference, TensorDifference.Between(left, right).MaxAbs);
    }

    [Fact]
    public void Complex_numbers_of_any_count_are_compared()
    {
        foreach (var type in (ElementType[])[ElementType.Complex64, ElementType.Complex128])
        {
            using var left = RandomTensor.Bits(new(7), type, 1025);
            using var right = TensorValue.From(type, left.Shape, left.Bytes.Span);
            right.Bytes.Span[^1] ^= 0x40;
            Assert.True(TensorDifference.Between(left, right).MaxAbs > 0);
        }
    }

    [Fact]
    public void Tensors_of_other_type_or_shape_are_not_compared()
    {
        using var a = TensorValue.From<float>([1, 2], 2);
        using var b = TensorValue.From<float>([1, 2], 1, 2);
        using var c = TensorValue.From<int>([1, 2], 2);
        Assert.Throws<TensorMismatchException>(() => TensorDifference.Between(a, b));
        Assert.Throws<TensorMismatchException>(() => TensorDifference.Between(a, c));
    }

    [Fact]
    public void Text_is_equal_or_not()
    {
        using var a = TensorValue.From(["x", "y"], new(2));
        using var b = TensorValue.From(["x", "z"], new(2));
        Assert.True(TensorDifference.Between(a, a).IsBitExact);
        Assert.Equal(double.PositiveInfinity, TensorDifference.Between(a, b).MaxMixed);
    }
}
