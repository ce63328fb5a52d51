using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Tensors;

public class BoundaryLayoutTests
{
    private static readonly Dimension N = Dimension.Symbolic("n");
    private static readonly Dimension M = Dimension.Symbolic("m");

    private static BoundaryLayout Layout(params TensorSpec[] values) => BoundaryLayout.For([.. values]);

    [Fact]
    public void Symbols_are_listed_once_in_the_order_in_which_they_appear()
    {
        var layout = Layout(new("a", ElementType.Float32, M, Dimension.Fixed(3)), new("b", ElementType.Float32, N, M));

        Assert.Equal(new[] { "m", "n" }, layout.Symbols);
    }

    [Fact]
    public void Resolve_puts_sizes_in_place_of_symbols()
    {
        var layout = Layout(new("a", ElementType.Float32, M, Dimension.Fixed(3)), new("b", ElementType.Int64, N, M), new("c", ElementType.Int8));

        var shapes = layout.Resolve([5, 7], SizeLimits.Default);

        Assert.Equal(new TensorShape[] { new(5, 3), new(7, 5), new() }, shapes);
    }

    [Fact]
    public void Measure_is_the_inverse_of_resolve()
    {
        var layout = Layout(new("a", ElementType.Float32, M, Dimension.Fixed(3)), new("b", ElementType.Int64, N, M));
        using var a = TensorValue.Allocate(ElementType.Float32, new(5, 3));
        using var b = TensorValue.Allocate(ElementType.Int64, new(0, 5));

        Assert.Equal(new[] { 5L, 0L }, layout.Measure([a, b]));
        Assert.Equal(new[] { a.Shape, b.Shape }, layout.Resolve([5, 0], SizeLimits.Default));
    }

    [Fact]
    public void Measure_refuses_axes_that_share_a_symbol_but_not_a_size()
    {
        var layout = Layout(new("a", ElementType.Float32, N), new("b", ElementType.Float32, N));
        using var a = TensorValue.Allocate(ElementType.Float32, new(2));
        using var b = TensorValue.Allocate(ElementType.Float32, new(3));

        Assert.Contains("'b'", Assert.Throws<TensorMismatchException>(() => layout.Measure([a, b])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_refuses_another_type_rank_size_or_number_of_tensors()
    {
        var layout = Layout(new TensorSpec("a", ElementType.Float32, N, Dimension.Fixed(2)));
        using var type = TensorValue.Allocate(ElementType.Int32, new(1, 2));
        using var rank = TensorValue.Allocate(ElementType.Float32, new(2));
        using var size = TensorValue.Allocate(ElementType.Float32, new(1, 3));

        foreach (var wrong in new[] { type, rank, size }) Assert.Throws<TensorMismatchException>(() => layout.Measure([wrong]));
        Assert.Throws<TensorMismatchException>(() => layout.Measure([]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(101)]
    public void Resolve_refuses_a_size_out_of_bounds(long size)
    {
        var layout = Layout(new TensorSpec("a", ElementType.Float32, N));

        Assert.Throws<SizeLimitException>(() => layout.Resolve([size], new() { MaxDimension = 100 }));
    }

    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 1, 2 })]
    public void Resolve_refuses_another_number_of_sizes(long[] sizes) =>
        Assert.Throws<SizeLimitException>(() => Layout(new TensorSpec("a", ElementType.Float32, N)).Resolve(sizes, SizeLimits.Default));

    [Fact]
    public void Resolve_refuses_tensors_that_are_too_large_together()
    {
        var limits = new SizeLimits { MaxBytes = 100 };
        var layout = Layout(new("a", ElementType.Float32, N), new("b", ElementType.UInt8, N));

        Assert.Equal(2, layout.Resolve([20], limits).Length);
        Assert.Throws<SizeLimitException>(() => layout.Resolve([21], limits));
    }

    [Fact]
    public void Resolve_refuses_fixed_shapes_that_are_too_large() =>
        Assert.Throws<SizeLimitException>(() => Layout(new TensorSpec("a", ElementType.Float32, Dimension.Fixed(26))).Resolve([], new() { MaxBytes = 100 }));

    [Fact]
    public void A_value_of_unknown_rank_states_its_own_shape()
    {
        var layout = Layout(TensorSpec.Unranked("a", ElementType.Float32), new("b", ElementType.Float32, N), TensorSpec.Unranked("c", ElementType.Bool));
        using var a = TensorValue.Allocate(ElementType.Float32, new(2, 5));
        using var b = TensorValue.Allocate(ElementType.Float32, new(3));
        using var c = TensorValue.Allocate(ElementType.Bool, new());

        var sizes = layout.Measure([a, b, c]);

        Assert.Equal([3, 2, 2, 5, 0], sizes.AsEnumerable());
        Assert.Equal([a.Shape, b.Shape, c.Shape], layout.Resolve(sizes.AsSpan(), SizeLimits.Default).AsEnumerable());
        Assert.True(sizes.Length <= layout.MaxSizes);
    }

    [Theory]
    [InlineData(new long[] { })]
    [InlineData(new long[] { 3 })]
    [InlineData(new long[] { 3, -1 })]
    [InlineData(new long[] { 3, 2, 7 })]
    [InlineData(new long[] { 3, 1, 7, 9 })]
    [InlineData(new long[] { 3, 1, -7 })]
    [InlineData(new long[] { 3, 1, long.MaxValue })]
    [InlineData(new long[] { 3, long.MaxValue, 1 })]
    [InlineData(new long[] { 3, 33, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 })]
    public void Sizes_that_state_no_shape_for_a_value_of_unknown_rank_are_refused(long[] sizes) =>
        Assert.Throws<SizeLimitException>(() => Layout(TensorSpec.Unranked("a", ElementType.Float32), new("b", ElementType.Float32, N)).Resolve(sizes, SizeLimits.Default));

    [Fact]
    public void Resolve_refuses_products_that_overflow()
    {
        var limits = new SizeLimits { MaxDimension = long.MaxValue, MaxBytes = long.MaxValue };
        var layout = Layout(new TensorSpec("a", ElementType.Float32, N, N, N, M));

        Assert.Throws<SizeLimitException>(() => layout.Resolve([long.MaxValue, 1], limits));
        Assert.Throws<SizeLimitException>(() => layout.Resolve([1L << 32, 0], limits));
    }
}
