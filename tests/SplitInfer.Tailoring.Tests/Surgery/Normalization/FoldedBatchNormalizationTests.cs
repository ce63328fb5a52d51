using SplitInfer.Tensors;
using SplitInfer.Testing;
using Normal = SplitInfer.Tailoring.Surgery.Normalization.Normalization;

namespace SplitInfer.Tailoring.Tests.Surgery.Normalization;

public sealed class FoldedBatchNormalizationTests
{
    private const ElementType Float = ElementType.Float32;

    [Fact]
    public void A_convolution_takes_the_normalisation_behind_it() => AssertFolded("Conv",
        static (g, x) => g.BatchNorm(g.Conv(x, 8)),
        static (g, x) => g.BatchNorm(g.Conv(x, 8, group: 2)),
        static (g, x) => g.BatchNorm(g.DepthwiseConv(x)),
        static (g, x) => g.BatchNorm(g.Node("Conv", [x, g.Draw(Float, 0, 1, 6, 4, 1, 1)]).Shaped(2, 6, 5, 5)));

    [Fact]
    public void A_transposed_convolution_takes_the_normalisation_behind_it() => AssertFolded("ConvTranspose",
        static (g, x) => g.BatchNorm(g.UpConv(x, 6)),
        static (g, x) => g.BatchNorm(g.Node("ConvTranspose", [x, g.Draw(Float, 0, 1, 4, 3, 2, 2), g.Draw(Float, 0, 1, 6)], ("group", 2)).Shaped(2, 6, 6, 6)));

    [Fact]
    public void A_convolution_takes_the_normalisation_before_it_where_nothing_is_padded() => AssertFolded("Conv",
        static (g, x) => g.Conv(g.BatchNorm(x), 8, pad: 0),
        static (g, x) => g.Conv(g.BatchNorm(x), 8, kernel: 1),
        static (g, x) => g.Conv(g.BatchNorm(x), 8, pad: 0, group: 2));

    [Fact]
    public void A_product_takes_the_normalisation_beside_it_whatever_the_layout_of_its_weights() => AssertFolded("Gemm",
        static (g, x) => g.BatchNorm(g.Gemm(g.Flatten(x), 6)),
        static (g, x) => g.Gemm(g.BatchNorm(g.Flatten(x)), 6),
        static (g, x) => g.BatchNorm(g.Node("Gemm", [g.Flatten(x), g.Draw(Float, 0, 1, 100, 6), g.Draw(Float, 0, 1, 1, 6)]).Shaped(2, 6)),
        static (g, x) => g.Node("Gemm", [g.BatchNorm(g.Flatten(x)), g.Draw(Float, 0, 1, 100, 6)]).Shaped(2, 6));

    [Fact]
    public void Normalisations_that_cannot_be_folded_stay_and_the_result_with_them()
    {
        AssertSame(true, static (g, x) => g.Conv(g.BatchNorm(x), 8));
        AssertSame(true, static (g, x) => g.BatchNorm(g.Relu(g.Conv(x, 8))));
        AssertSame(true, static (g, x) => g.BatchNorm(g.Add(x, g.Conv(x, 4))));
        // Read twice.
        AssertSame(true, static (g, x) =>
        {
            var y = g.Conv(x, 4);
            return g.Add(g.BatchNorm(y), y);
        });
        // An output of the model.
        AssertSame(true, static (g, x) => g.BatchNorm(g.Output(g.Conv(x, 4))));
        // A bias by row.
        AssertSame(true, static (g, x) => g.BatchNorm(g.Node("Gemm", [g.Flatten(x), g.Draw(Float, 0, 1, 100, 2), g.Draw(Float, 0, 1, 2, 1)]).Shaped(2, 2)));
        AssertSame(true, static (g, x) => g.BatchNorm(g.Node("Gemm", [g.Flatten(x), g.Draw(Float, 0, 1, 100, 6), g.Draw(Float, 0, 1, 6)], ("beta", 0.5f)).Shaped(2, 6)));
    }

    [Fact]
    public void Weights_that_several_products_read_are_changed_for_one_only()
    {
        AssertSame(null, static (g, x) =>
        {
            var shared = g.Draw(Float, 0, 1, 4, 4, 1, 1);
            return g.Add(g.BatchNorm(g.Node("Conv", [x, shared]).Shaped(2, 4, 5, 5)), g.Node("Conv", [x, shared]).Shaped(2, 4, 5, 5));
        });
    }

    private static void AssertFolded(string product, params Func<GraphBuilder, Value, Value>[] layers)
    {
        foreach (var layer in layers) Assert.Contains(product, AssertSame(false, layer));
    }

    private static string[] AssertSame(bool? stays, Func<GraphBuilder, Value, Value> layer)
    {
        var g = new GraphBuilder(opset: 13);
        g.Output(layer(g, g.Input("x", Float, 2, 4, 5, 5)), "y");
        var operators = TransformationCheck.Operators(TransformationCheck.AssertSame(g.ToBytes(), new Normal()));
        if (stays is { } expected) Assert.Equal(expected, operators.Contains("BatchNormalization"));
        return operators;
    }
}
