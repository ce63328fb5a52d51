using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class WeightOnlyTests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData("resnet18", 0.1)]
    [InlineData("unet", 0.1)]
    [InlineData("transformer", 0.1)]
    public void Weights_of_8_bits_take_about_a_quarter(string name, double tolerance)
    {
        var model = NetworkCatalog.All[name]().ToBytes();
        var transformed = TransformationCheck.AssertSame(model, new WeightOnlyInt8(), tolerance);
        Assert.True(transformed.Bytes.Length < 0.5 * model.Length, $"{transformed.Bytes.Length} of {model.Length}");
    }

    [Fact]
    public void A_table_that_is_looked_up_has_a_scale_for_each_row()
    {
        var g = new GraphBuilder();
        var table = g.Initializer(RandomTensor.Fill(Float, new(100, 32), new Shrinking(32).Next));
        g.Output(g.Node("Gather", [table, g.Input("ids", ElementType.Int64, 1, 5)]).Typed(Float), "y");
        var model = g.ToBytes();
        var transformed = TransformationCheck.AssertSame(model, new WeightOnlyInt8(), tolerance: 0.005);
        Assert.True(transformed.Bytes.Length < 0.4 * model.Length, $"{transformed.Bytes.Length} of {model.Length}");
    }

    [Theory]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(33)]
    public void Weights_of_4_bits_compute_what_their_integers_stand_for(int inputs)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 3, inputs);
        // From −8/16 to 7/16 in each block: 4 bits hold them exactly.
        g.Output(g.MatMul(x, g.Initializer(RandomTensor.Fill(Float, new(inputs, 40), new Cycle(inputs * 40, 40).Next))), "straight");
        g.Output(g.Node("Gemm", [x, g.Initializer(RandomTensor.Fill(Float, new(40, inputs), new Cycle(inputs, 1).Next)), g.Draw(Float, 0, 1, 40)], ("transB", 1)), "transposed");
        var model = g.ToBytes();
        var transformed = TransformationCheck.AssertSame(model, new WeightOnlyInt4(), tolerance: 1e-4);
        Assert.Equal(["MatMulNBits", "MatMulNBits", "Add"], TransformationCheck.Operators(transformed));
        Assert.True(transformed.Bytes.Length < (inputs == 33 ? 0.4 : 0.3) * model.Length, $"{transformed.Bytes.Length} of {model.Length}");
    }

    [Fact]
    public void A_transformer_with_weights_of_4_bits_computes_roughly_the_same() =>
        TransformationCheck.AssertSame(TransformerEncoder.Build().ToBytes(), new WeightOnlyInt4(), tolerance: 0.5);

    [Fact]
    public void A_model_without_such_weights_is_refused()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", Float, 1, 4)), "y");
        Assert.Contains("no Conv, MatMul, Gemm or Gather", TransformationCheck.AssertRefused(g, new WeightOnlyInt8()), StringComparison.Ordinal);
        Assert.Contains("no MatMul or Gemm", TransformationCheck.AssertRefused(g, new WeightOnlyInt4()), StringComparison.Ordinal);
    }

    /// <summary>Numbers up to 10^-k in the k-th row.</summary>
    private sealed class Shrinking(int row)
    {
        private readonly Random _random = new(1);
        private int _place;

        public double Next() => ((2 * _random.NextDouble()) - 1) * Math.Pow(10, -(_place++ / row % 8));
    }

    /// <summary>−8/16, −7/16 … 7/16, each so many times, again and again, anew after a period.</summary>
    private sealed class Cycle(int period, int times)
    {
        private int _place;

        public double Next() => ((_place++ % period / times % 16) - 8) / 16.0;
    }
}
