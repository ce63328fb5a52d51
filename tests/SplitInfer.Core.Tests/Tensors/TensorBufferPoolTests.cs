using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class TensorBufferPoolTests
{
    [Fact]
    public void A_released_block_is_handed_out_again()
    {
        var pool = new TensorBufferPool();
        var first = pool.Rent(1000);
        first.Release();
        Assert.Same(first, pool.Rent(600));
        Assert.NotSame(first, pool.Rent(600));
    }

    [Fact]
    public void A_block_that_is_handed_out_does_not_count_as_resting_however_it_was_asked_for()
    {
        var pool = new TensorBufferPool();
        pool.Rent(4 << 20).Release();
        for (var use = 0; use < 100; use++)
        {
            var block = pool.TryRentResting(4 << 20)!;
            Assert.Equal(0, pool.Resting);
            block.Release();
        }

        Assert.Equal(4 << 20, pool.Resting);
    }

    [Fact]
    public void So_much_is_kept_of_one_size_and_so_much_of_all()
    {
        var pool = new TensorBufferPool();
        foreach (var size in Enumerable.Range(16, 11).Select(static exponent => 1 << exponent))
        {
            var blocks = Enumerable.Range(0, (80 << 20) / size).Select(_ => pool.Rent(size)).ToArray();
            var before = pool.Resting;
            Array.ForEach(blocks, static block => block.Release());
            Assert.InRange(pool.Resting - before, 0, 64 << 20);
        }

        Assert.Equal(TensorBufferPool.MaxRestingBytesInAll, pool.Resting);
        // The places that blocks leave are taken again.
        pool.Rent(1 << 16).Release();
        Assert.Equal(TensorBufferPool.MaxRestingBytesInAll, pool.Resting);
    }

    [Fact]
    public void Blocks_are_aligned_and_hold_what_was_asked_for() => Sampled.Check(seed: 4, count: 100, random =>
    {
        long bytes = random.Next(1 << random.Next(1, 22));
        var buffer = new TensorBufferPool().Rent(bytes);
        Assert.True(buffer.Capacity >= bytes);
        Assert.Equal(buffer.Capacity, buffer.Memory.Length);
        unsafe
        {
            Assert.Equal(0, (nint)buffer.Pointer % TensorBuffer.Alignment);
        }
    });

    [Fact]
    public void One_release_too_many_is_an_error()
    {
        var buffer = new TensorBufferPool().Rent(1);
        buffer.AddReference();
        buffer.Release();
        buffer.Release();
        Assert.Throws<ObjectDisposedException>(buffer.Release);
    }

    [Fact]
    public void Sizes_out_of_bounds_are_refused()
    {
        var pool = new TensorBufferPool();
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(TensorBufferPool.MaxBytes + 1L));
    }

    [Fact]
    public void Holders_on_many_threads_never_share_a_block() => Parallel.For(0, 2000, i =>
    {
        var buffer = TensorBufferPool.Shared.Rent(512);
        var span = buffer.Memory.Span;
        span.Fill((byte)i);
        buffer.AddReference().Release();
        Assert.False(span.ContainsAnyExcept((byte)i));
        buffer.Release();
    });
}
