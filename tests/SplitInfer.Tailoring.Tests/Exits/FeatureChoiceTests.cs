using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class FeatureChoiceTests
{
    [Theory]
    [InlineData("1 8 14 14", 2048, "Flat 1568")]
    [InlineData("1 8 28 28", 2048, "Grid 16×16 2048")]
    [InlineData("1 64 55 55", 2048, "Grid 5×5 1600")]
    [InlineData("1 512 13 13", 2048, "Grid 2×2 2048")]
    [InlineData("1 2048 7 7", 2048, "Grid 1×1 2048")]
    [InlineData("1 4096 7 7", 2048, "none")]
    [InlineData("1 2 1 5000", 2048, "Grid 1×32 64")]
    [InlineData("1 128 256", 2048, "Mean 256")]
    [InlineData("2 128 256", 2048, "none")]
    [InlineData("5000", 2048, "none")]
    [InlineData("1 10", 2048, "Flat 10")]
    public void A_value_becomes_the_finest_features_that_fit(string sizes, int most, string expected)
    {
        TensorShape shape = new([.. sizes.Split(' ').Select(long.Parse)]);
        var features = Of([new("v", ElementType.Float32, [.. shape.Dimensions.ToArray().Select(Dimension.Fixed)])], most, shape);
        Assert.Equal(expected, features is [var only] ? $"{only.Pooling}{(only.Pooling == ExitPooling.Grid ? $" {only.Rows}×{only.Columns}" : "")} {only.Count}" : "none");
        Assert.All(features, value => Assert.InRange(value.Count, 1, most));
    }

    [Fact]
    public void Several_values_share_the_features_and_those_that_cannot_be_read_have_none()
    {
        var features = Of([Spec("a", ElementType.Float32), Spec("b", ElementType.Int64), Spec("c", ElementType.UInt8)], 1000, new(1, 8, 28, 28));
        Assert.Equal(["0 a Grid 392", "2 c Grid 392"], features.Select(static value => $"{value.Place} {value.Name} {value.Pooling} {value.Count}"));

        static TensorSpec Spec(string name, ElementType type) => new(name, type, [Dimension.Fixed(1), Dimension.Fixed(8), Dimension.Fixed(28), Dimension.Fixed(28)]);
    }

    [Fact]
    public void What_has_no_known_size_is_not_read() => Assert.Empty(FeatureChoice.Of(Cut([new("v", ElementType.Float32, Dimension.Symbolic("n"))]), static _ => null, 100));

    private static ImmutableArray<ExitFeatures> Of(TensorSpec[] boundary, int most, TensorShape shape) => FeatureChoice.Of(Cut(boundary), _ => shape, most);

    private static Partition Cut(TensorSpec[] boundary) =>
        new() { Index = 1, Boundary = [.. boundary], TailOutputs = [], BoundaryBytes = 0, Head = default, Tail = default, InadmissibleReason = null, IsArm = true };
}
