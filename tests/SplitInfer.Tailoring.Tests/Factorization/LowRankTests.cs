using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Factorization;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Factorization;

public sealed class LowRankTests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Weights_of_low_rank_are_two_layers_and_compute_the_same(bool hasSamples)
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Conv(g.Input("x", Float, 2, 3, 6, 6), 64));
        var wide = g.Node("Conv", [x, Thin(g, 96, 64, 1, 1), g.Draw(Float, 0, 1, 96)], ("strides", new long[] { 2, 2 })).Shaped(2, 96, 3, 3);
        var row = g.Flatten(g.GlobalAveragePool(g.Relu(wide)));
        var hidden = g.Relu(g.Node("Gemm", [row, Thin(g, 128, 96), g.Draw(Float, 0, 1, 128)], ("transB", 1)).Shaped(2, 128));
        g.Output(g.MatMul(hidden, Thin(g, 128, 80)), "y");
        var model = g.ToBytes();
        var transformed = TransformationCheck.AssertSame(model, Transformation(model, hasSamples, new() { Energy = 0.9999 }), tolerance: 2e-2);
        Assert.Equal(3, TransformationCheck.Operators(transformed).Count(static o => o == "Conv"));
        Assert.Equal(4, TransformationCheck.Operators(transformed).Count(static o => o == "MatMul"));
        Assert.True(transformed.Bytes.Length < 0.6 * model.Length);
    }

    [Fact]
    public void Samples_show_which_part_of_the_weights_matters()
    {
        // Of 64 channels only what 8 of them say differs from sample to sample.
        var g = new GraphBuilder();
        var x = g.Relu(g.Node("Conv", [g.Input("x", Float, 1, 8, 6, 6), Thin(g, 64, 8, 1, 1)]).Shaped(1, 64, 6, 6));
        g.Output(g.Node("Conv", [g.Conv(g.Input("z", Float, 1, 4, 6, 6), 64, kernel: 1), g.Weight(Float, 64, 1, 64, 64, 1, 1)]), "y");
        g.Output(x, "h");
        var model = g.ToBytes();
        Assert.Throws<TransformationRefusedException>(() => Transformation(model, hasSamples: false, new()).Apply(OnnxModel.Parse(model)));
        TransformationCheck.AssertSame(model, Transformation(model, hasSamples: true, new()), tolerance: 1e-2);
    }

    [Fact]
    public void Less_energy_takes_fewer_weights_and_changes_more()
    {
        var g = new GraphBuilder();
        g.Output(g.MatMul(g.Input("x", Float, 4, 96), g.Weight(Float, 96, 1, 96, 128)), "y");
        var model = g.ToBytes();
        var (much, little) = (new LowRank(new() { Energy = 0.7 }).Apply(OnnxModel.Parse(model)), new LowRank(new() { Energy = 0.4 }).Apply(OnnxModel.Parse(model)));
        Assert.True(little.Bytes.Length < much.Bytes.Length);
        var inputs = TransformationCheck.Inputs(model, seed: 1);
        Assert.True(TransformationCheck.Difference(model, much.Bytes.ToArray(), inputs).MaxAbs < TransformationCheck.Difference(model, little.Bytes.ToArray(), inputs).MaxAbs);
    }

    [Fact]
    public void Weights_of_full_rank_and_other_layers_are_refused()
    {
        var g = new GraphBuilder();
        g.Output(g.MatMul(g.Input("x", Float, 4, 64), g.Weight(Float, 64, 1, 64, 64)), "y");
        Assert.Contains("no layer keeps", TransformationCheck.AssertRefused(g, new LowRank()), StringComparison.Ordinal);
        var other = new GraphBuilder();
        other.Output(other.Conv(other.Input("x", Float, 1, 16, 8, 8), 16), "y");
        Assert.Contains("no Gemm, MatMul or 1×1 convolution", TransformationCheck.AssertRefused(other, new LowRank()), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => new LowRank(new LowRankOptions { Energy = 0 }));
    }

    private static LowRank Transformation(byte[] model, bool hasSamples, LowRankOptions options) =>
        hasSamples ? new(new MemorySamples(8), PartitionedModel.Load((ReadOnlyMemory<byte>)model).Plan.Inputs, options) : new(options);

    /// <summary>A matrix of rank 5.</summary>
    private static Value Thin(GraphBuilder g, params long[] shape)
    {
        const int rank = 5;
        var (rows, columns) = (shape[0], shape[1]);
        double[] left = [.. Enumerable.Range(0, (int)rows * rank).Select(_ => RandomTensor.NextNormal(g.Random) / Math.Sqrt(rank))];
        double[] right = [.. Enumerable.Range(0, (int)columns * rank).Select(_ => RandomTensor.NextNormal(g.Random) / Math.Sqrt(columns))];
        var place = 0;
        return g.Initializer(RandomTensor.Fill(Float, new(shape), () =>
        {
            var (row, column) = (place / columns, place++ % columns);
            return Enumerable.Range(0, rank).Sum(r => left[(row * rank) + r] * right[(column * rank) + r]);
        }));
    }
}
