using SplitInfer.Execution;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Segments;

public class SegmentCacheTests
{
    private static readonly SegmentKey A = new(SegmentSide.Head, 1), B = new(SegmentSide.Tail, 1), C = new(SegmentSide.Tail, 2);

    [Fact]
    public async Task A_segment_is_compiled_once_however_many_ask_at_once()
    {
        var compiler = new CountingCompiler(bytesEach: 1);
        using var cache = new SegmentCache(compiler, budgetBytes: 10);

        var leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await cache.RentAsync(A)));

        Assert.Equal([A], compiler.Compiled);
        Assert.Single(leases.Select(l => l.Runner).Distinct());
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task The_least_recently_used_segment_makes_room()
    {
        var compiler = new CountingCompiler(bytesEach: 4);
        using var cache = new SegmentCache(compiler, budgetBytes: 8);
        await UseAsync(cache, A);
        await UseAsync(cache, B);
        await UseAsync(cache, A);

        await UseAsync(cache, C);

        Assert.Equal([B], compiler.Dropped);
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public async Task A_segment_in_use_is_never_dropped()
    {
        var compiler = new CountingCompiler(bytesEach: 4);
        using var cache = new SegmentCache(compiler, budgetBytes: 4);
        var held = await cache.RentAsync(A);

        await UseAsync(cache, B);
        Assert.Equal([B], compiler.Dropped);

        held.Dispose();
        await UseAsync(cache, C);
        Assert.Equal([B, A], compiler.Dropped);
    }

    [Fact]
    public async Task What_segments_share_counts_once_against_the_budget()
    {
        var compiler = new CountingCompiler(bytesEach: 1) { SharedBytes = 7 };
        using var cache = new SegmentCache(compiler, budgetBytes: 9);
        await UseAsync(cache, A);
        await UseAsync(cache, B);
        Assert.Empty(compiler.Dropped);

        await UseAsync(cache, C);
        Assert.Equal([A], compiler.Dropped);
    }

    [Fact]
    public async Task A_segment_that_failed_to_load_is_tried_again()
    {
        var compiler = new CountingCompiler(bytesEach: 1) { FailNext = true };
        using var cache = new SegmentCache(compiler, budgetBytes: 10);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await cache.RentAsync(A));
        await UseAsync(cache, A);
        Assert.Equal([A], compiler.Compiled);
    }

    [Fact]
    public async Task Disposal_waits_for_segments_in_use_and_then_frees_everything()
    {
        var compiler = new CountingCompiler(bytesEach: 1);
        var cache = new SegmentCache(compiler, budgetBytes: 10);
        await UseAsync(cache, B);
        var held = await cache.RentAsync(A);

        cache.Dispose();
        Assert.Equal([B], compiler.Dropped);
        Assert.False(compiler.IsDisposed);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await cache.RentAsync(C));

        held.Dispose();
        Assert.Equal([B, A], compiler.Dropped);
        Assert.True(compiler.IsDisposed);
    }

    private static async Task UseAsync(SegmentCache cache, SegmentKey key) => (await cache.RentAsync(key)).Dispose();

    private sealed class CountingCompiler(long bytesEach) : ISegmentCompiler
    {
        public List<SegmentKey> Compiled { get; } = [];

        public List<SegmentKey> Dropped { get; } = [];

        public bool FailNext { get; set; }

        public bool IsDisposed { get; private set; }

        public long SharedBytes { get; set; }

        public CompiledSegment Compile(SegmentKey key)
        {
            if (FailNext)
            {
                FailNext = false;
                throw new InvalidOperationException("The compiler was told to fail.");
            }

            Compiled.Add(key);
            return new(new IdleRunner(() => Dropped.Add(key)), bytesEach, null);
        }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class IdleRunner(Action dropped) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => [];

        public IReadOnlyList<TensorSpec> Outputs => [];

        public ValueTask RunAsync(ReadOnlyMemory<Tensor> inputs, Memory<Tensor> outputs, CancellationToken cancellationToken = default) => default;

        public void Dispose() => dropped();
    }
}
