using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorShapeTests
{
    [Fact]
    public void The_default_is_the_scalar()
    {
        Assert.Equal(1, default(TensorShape).ElementCount);
        Assert.Equal(default, new TensorShape());
        Assert.Equal("scalar", default(TensorShape).ToString());
    }

    [Fact]
    public void Sizes_multiply()
    {
        Assert.Equal(24, new TensorShape(2, 3, 4).ElementCount);
        Assert.Equal(0, new TensorShape(2, 0, 4).ElementCount);
        Assert.Equal("2×3×4", new TensorShape(2, 3, 4).ToString());
    }

    [Fact]
    public void Equal_sizes_are_equal_shapes()
    {
        Assert.True(new TensorShape(2, 3) == new TensorShape(2, 3));
        Assert.True(new TensorShape(2, 3) != new TensorShape(3, 2));
        Assert.True(new TensorShape(1) != default);
        Assert.Equal(new TensorShape(2, 3).GetHashCode(), new TensorShape(2, 3).GetHashCode());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(long.MaxValue, 2)]
    [InlineData(1L << 32, 1L << 31)]
    public void Sizes_that_are_negative_or_overflow_are_refused(long first, long second) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TensorShape(first, second));
}
