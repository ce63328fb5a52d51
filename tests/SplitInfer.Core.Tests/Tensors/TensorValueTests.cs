using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorValueTests
{
    [Fact]
    public void Bytes_lie_aligned_and_never_move() => Sampled.Check(seed: 3, count: 50, random =>
    {
        using var tensor = RandomTensor.Bits(random, ElementType.Float32, Sampled.Shape(random));
        unsafe
        {
            Assert.Equal(0, (nint)tensor.Pointer % TensorBuffer.Alignment);
            fixed (byte* first = tensor.Bytes.Span)
                if (tensor.ByteLength > 0) Assert.True(first == tensor.Pointer);
        }
    });

    [Fact]
    public void A_shared_tensor_lives_until_both_owners_are_done()
    {
        var first = TensorValue.From<int>([1, 2, 3]);
        var second = first.Share();
        first.Dispose();
        first.Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.Bytes);
        Assert.Throws<ObjectDisposedException>(() => first.Share());
        Assert.Equal<int>([1, 2, 3], second.Span<int>().ToArray());
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Bytes);
    }

    [Fact]
    public void Elements_are_read_only_as_types_of_their_size()
    {
        using var tensor = TensorValue.From<float>([1, 2]);
        Assert.Equal(8, tensor.Span<byte>().Length);
        Assert.Throws<InvalidOperationException>(() => tensor.Span<double>().Length);
        Assert.Throws<InvalidOperationException>(() => tensor.Text);
    }

    [Fact]
    public void Text_has_no_bytes()
    {
        using var tensor = TensorValue.From(["a", "b"], new(2));
        Assert.Throws<InvalidOperationException>(() => tensor.Bytes);
        Assert.Equal(["a", "b"], tensor.Share().Text);
        Assert.Throws<ArgumentException>(() => TensorValue.From(["a"], new(2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorValue.Allocate(ElementType.Text, new(2)));
    }

    [Fact]
    public void Too_few_or_too_many_elements_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TensorValue.From<float>([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => TensorValue.From(ElementType.Int4, new(3), [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorValue.Allocate(ElementType.Float32, new(1L << 40)));
    }

    [Fact]
    public void A_view_takes_over_the_reference_and_stays_within_the_buffer()
    {
        var pool = new TensorBufferPool();
        var buffer = pool.Rent(256);
        var view = TensorValue.View(ElementType.Float32, new(2), buffer, 64);
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorValue.View(ElementType.Float32, new(64), buffer, 64));
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(buffer.AddReference);
    }

    [Fact]
    public void Four_bit_elements_are_packed()
    {
        using var tensor = TensorValue.Allocate(ElementType.UInt4, new(3));
        Assert.Equal(2, tensor.ByteLength);
    }
}
