using SplitInfer.Segments.Weights;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Segments.Weights;

public class WeightStoreTests
{
    [Fact]
    public void Equal_bytes_are_held_once()
    {
        var store = new WeightStore();
        var first = store.Take(ElementType.UInt8, new(5000), Bytes(5000));
        var second = store.Take(ElementType.UInt8, new(5000), Bytes(5000));

        Assert.Same(first, second);
        Assert.Equal(5000, store.Bytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2500)]
    [InlineData(4999)]
    public void A_weight_that_differs_in_one_byte_is_another(int at)
    {
        var store = new WeightStore();
        var other = Bytes(5000);
        other[at] ^= 1;

        Assert.NotSame(store.Take(ElementType.UInt8, new(5000), Bytes(5000)), store.Take(ElementType.UInt8, new(5000), other));
        Assert.Equal(10000, store.Bytes);
    }

    [Fact]
    public void The_same_bytes_in_another_shape_are_another_weight()
    {
        var store = new WeightStore();
        Assert.NotSame(store.Take(ElementType.UInt8, new(8), Bytes(8)), store.Take(ElementType.UInt8, new(2, 4), Bytes(8)));
    }

    [Fact]
    public void The_last_holder_frees_the_bytes()
    {
        var store = new WeightStore();
        var weight = store.Take(ElementType.UInt8, new(64), Bytes(64));
        store.Take(ElementType.UInt8, new(64), Bytes(64));

        store.Return(weight);
        Assert.Equal(64, store.Bytes);
        Assert.Equal(Bytes(64), weight.Value.Bytes.ToArray());

        store.Return(weight);
        Assert.Equal(0, store.Bytes);
    }

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
}
