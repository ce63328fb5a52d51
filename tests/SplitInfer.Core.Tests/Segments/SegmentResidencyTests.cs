using SplitInfer.Execution;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Segments;

public class SegmentResidencyTests
{
    private static readonly SegmentKey A = new(SegmentSide.Head, 1), B = new(SegmentSide.Tail, 1), C = new(SegmentSide.Tail, 2);

    [Fact]
    public async Task A_segment_is_compiled_once_however_many_ask_at_once()
    {
        var compiler = new CountingCompiler(bytesEach: 1);
        using var segments = new SegmentResidency(10).Open(compiler);

        var leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await segments.RentAsync(A)));

        Assert.Equal([A], compiler.Compiled);
        Assert.Single(leases.Select(l => l.Runner).Distinct());
        foreach (var lease in leases) lease.Dispose();
    }

    [Fact]
    public async Task The_least_recently_used_segment_makes_room()
    {
        var compiler = new CountingCompiler(bytesEach: 4);
        using var segments = new SegmentResidency(8).Open(compiler);
        await UseAsync(segments, A);
        await UseAsync(segments, B);
        await UseAsync(segments, A);

        await UseAsync(segments, C);

        Assert.Equal([B], compiler.Dropped);
        Assert.Equal(2, segments.Count);
    }

    [Fact]
    public async Task A_segment_in_use_is_never_dropped()
    {
        var compiler = new CountingCompiler(bytesEach: 4);
        using var segments = new SegmentResidency(4).Open(compiler);
        var held = await segments.RentAsync(A);

        await UseAsync(segments, B);
        Assert.Equal([B], compiler.Dropped);

        held.Dispose();
        await UseAsync(segments, C);
        Assert.Equal([B, A], compiler.Dropped);
    }

    [Fact]
    public async Task What_segments_share_counts_once_against_the_budget()
    {
        var compiler = new CountingCompiler(bytesEach: 1) { SharedBytes = 7 };
        using var segments = new SegmentResidency(9).Open(compiler);
        await UseAsync(segments, A);
        await UseAsync(segments, B);
        Assert.Empty(compiler.Dropped);

        await UseAsync(segments, C);
        Assert.Equal([A], compiler.Dropped);
    }

    [Fact]
    public async Task A_segment_that_failed_to_load_is_tried_again()
    {
        var compiler = new CountingCompiler(bytesEach: 1) { FailNext = true };
        using var segments = new SegmentResidency(10).Open(compiler);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await segments.RentAsync(A));
        await UseAsync(segments, A);
        Assert.Equal([A], compiler.Compiled);
    }

    [Fact]
    public async Task Disposal_waits_for_segments_in_use_and_then_frees_everything()
    {
        var compiler = new CountingCompiler(bytesEach: 1);
        var segments = new SegmentResidency(10).Open(compiler);
        await UseAsync(segments, B);
        var held = await segments.RentAsync(A);

        segments.Dispose();
        Assert.Equal([B], compiler.Dropped);
        Assert.False(compiler.IsDisposed);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await segments.RentAsync(C));

        held.Dispose();
        Assert.Equal([B, A], compiler.Dropped);
        Assert.True(compiler.IsDisposed);
    }

    [Fact]
    public async Task Disposal_waits_for_a_segment_that_is_loaded_though_nobody_waits_for_it_any_more()
    {
        using var compiled = new ManualResetEventSlim();
        var compiler = new CountingCompiler(bytesEach: 1) { OnCompile = _ => compiled.Wait() };
        var segments = new SegmentResidency(10).Open(compiler);
        using var caller = new CancellationTokenSource();
        var renting = segments.RentAsync(A, caller.Token).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => renting);

        var disposal = Task.Run(segments.Dispose);
        compiled.Set();
        await disposal;

        Assert.Equal([A], compiler.Dropped);
        Assert.True(compiler.IsDisposed);
    }

    [Fact]
    public async Task Disposal_waits_for_a_segment_that_another_one_unloads()
    {
        using ManualResetEventSlim isDropping = new(), mayDrop = new();
        var compiler = new CountingCompiler(bytesEach: 1)
        {
            OnDrop = key =>
            {
                if (key != A) return;
                isDropping.Set();
                mayDrop.Wait();
            },
        };
        var segments = new SegmentResidency(1).Open(compiler);
        await UseAsync(segments, A);
        var other = Task.Run(() => UseAsync(segments, B));
        isDropping.Wait();

        var disposal = Task.Run(segments.Dispose);
        mayDrop.Set();
        await disposal;

        Assert.Contains(A, compiler.Dropped);
        await other;
        Assert.True(compiler.IsDisposed);
    }

    [Fact]
    public async Task The_budget_is_one_for_all_models_and_the_least_recently_used_makes_room_whichever_model_it_is_of()
    {
        var residency = new SegmentResidency(8);
        var (first, second) = (new CountingCompiler(bytesEach: 4), new CountingCompiler(bytesEach: 4));
        using var one = residency.Open(first);
        using var other = residency.Open(second);
        await UseAsync(one, A);
        await UseAsync(one, B);
        await UseAsync(one, A);

        await UseAsync(other, A);

        Assert.Equal([B], first.Dropped);
        Assert.Empty(second.Dropped);
        await UseAsync(other, B);
        Assert.Equal([B, A], first.Dropped);
        Assert.Equal((0, 2), (one.Count, other.Count));
    }

    [Fact]
    public async Task What_the_segments_of_each_model_share_counts_once_for_each()
    {
        var residency = new SegmentResidency(12);
        var (first, second) = (new CountingCompiler(bytesEach: 1) { SharedBytes = 3 }, new CountingCompiler(bytesEach: 1) { SharedBytes = 5 });
        using var one = residency.Open(first);
        using var other = residency.Open(second);
        await UseAsync(one, A);
        await UseAsync(one, B);
        await UseAsync(other, A);
        await UseAsync(other, B);
        Assert.Empty(first.Dropped.Concat(second.Dropped));

        await UseAsync(other, C);
        Assert.Equal([A], first.Dropped);
    }

    [Fact]
    public async Task While_a_segment_loads_those_of_all_models_that_are_loaded_are_lent()
    {
        var residency = new SegmentResidency(100);
        using var compiled = new ManualResetEventSlim();
        using var one = residency.Open(new CountingCompiler(bytesEach: 1) { OnCompile = key => { if (key == B) compiled.Wait(); } });
        using var other = residency.Open(new CountingCompiler(bytesEach: 1));
        await UseAsync(one, A);
        await UseAsync(other, A);

        var loading = one.RentAsync(B).AsTask();
        foreach (var set in new[] { one, other })
        {
            var renting = set.RentAsync(A);
            Assert.True(renting.IsCompletedSuccessfully);
            (await renting).Dispose();
        }

        Assert.False(loading.IsCompleted);
        compiled.Set();
        (await loading).Dispose();
    }

    [Fact]
    public async Task A_model_that_is_closed_takes_nothing_from_the_others()
    {
        var residency = new SegmentResidency(100);
        var (first, second) = (new CountingCompiler(bytesEach: 1), new CountingCompiler(bytesEach: 1));
        var one = residency.Open(first);
        using var other = residency.Open(second);
        await UseAsync(one, A);
        await UseAsync(other, A);

        one.Dispose();

        Assert.Equal([A], first.Dropped);
        Assert.True(first.IsDisposed);
        Assert.True(other.IsLoaded(A));
        await UseAsync(other, B);
        Assert.Empty(second.Dropped);
    }

    private static async Task UseAsync(SegmentSet segments, SegmentKey key) => (await segments.RentAsync(key)).Dispose();

    private sealed class CountingCompiler(long bytesEach) : ISegmentCompiler
    {
        public List<SegmentKey> Compiled { get; } = [];

        public List<SegmentKey> Dropped { get; } = [];

        public bool FailNext { get; set; }

        public Action<SegmentKey> OnCompile { get; init; } = static _ => { };

        public Action<SegmentKey> OnDrop { get; init; } = static _ => { };

        public bool IsDisposed { get; private set; }

        public long SharedBytes { get; set; }

        public CompiledSegment Compile(SegmentKey key)
        {
            if (FailNext)
            {
                FailNext = false;
                throw new InvalidOperationException("The compiler was told to fail.");
            }

            OnCompile(key);
            Compiled.Add(key);
            return new(new IdleRunner(() => Drop(key)), bytesEach, null);
        }

        public void Dispose() => IsDisposed = true;

        private void Drop(SegmentKey key)
        {
            OnDrop(key);
            lock (Dropped) Dropped.Add(key);
        }
    }

    private sealed class IdleRunner(Action dropped) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => [];

        public IReadOnlyList<TensorSpec> Outputs => [];

        public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default) => default;

        public void Dispose() => dropped();
    }
}
