using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Tensors;

public class FiniteNumbersTests
{
    public static TheoryData<ElementType> Types => [ElementType.Float16, ElementType.BFloat16, ElementType.Float32, ElementType.Float64];

    [Theory]
    [MemberData(nameof(Types))]
    public void One_number_that_is_not_finite_is_found_wherever_it_is(ElementType type)
    {
        for (var length = 1; length < 70; length++)
        {
            using var tensor = RandomTensor.Normal(new Random(length), type, length);
            Assert.True(FiniteNumbers.AreIn(tensor));
            for (var place = 0; place < length; place++)
                foreach (var wrong in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
                {
                    using var spoilt = TensorValue.From(type, tensor.Shape, tensor.Bytes.Span);
                    Write(spoilt, place, wrong);
                    Assert.False(FiniteNumbers.AreIn(spoilt), $"{wrong} at {place} of {length}");
                }
        }
    }

    [Fact]
    public void Whole_numbers_are_finite()
    {
        using var tensor = TensorValue.From<int>([int.MinValue, int.MaxValue, 0x7F800000]);
        Assert.True(FiniteNumbers.AreIn(tensor));
    }

    private static void Write(TensorValue tensor, int place, double number)
    {
        switch (tensor.ElementType)
        {
            case ElementType.Float16: tensor.Span<Half>()[place] = (Half)number; break;
            case ElementType.BFloat16: tensor.Span<ushort>()[place] = (ushort)(BitConverter.SingleToUInt32Bits((float)number) >> 16); break;
            case ElementType.Float32: tensor.Span<float>()[place] = (float)number; break;
            default: tensor.Span<double>()[place] = number; break;
        }
    }
}
