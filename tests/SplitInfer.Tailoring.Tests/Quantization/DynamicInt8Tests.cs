using SplitInfer.Models;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class DynamicInt8Tests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void Products_of_every_layout_compute_nearly_the_same(int bits)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 3, 64);
        g.Output(g.MatMul(x, g.Weight(Float, 64, 1, 64, 48)), "plain");
        g.Output(g.Gemm(x, 40), "transposed");
        g.Output(g.Node("Gemm", [x, g.Weight(Float, 64, 1, 64, 32), g.Draw(Float, 0, 1, 1, 32)]), "straight");
        g.Output(g.Node("Gemm", [x, g.Weight(Float, 64, 1, 64, 32)]), "without");
        var transformed = TransformationCheck.AssertSame(g.ToBytes(), new DynamicInt8(bits), tolerance: bits == 8 ? 0.05 : 0.1);
        var operators = TransformationCheck.Operators(transformed);
        Assert.Equal(4, operators.Count(static o => o == "MatMulInteger"));
        Assert.Single(operators, static o => o == "DynamicQuantizeLinear");
        Assert.DoesNotContain(operators, static o => o is "MatMul" or "Gemm");
    }

    [Fact]
    public void Sequences_are_multiplied_as_well() =>
        TransformationCheck.AssertSame(TransformerEncoder.Build().ToBytes(), new DynamicInt8(), tolerance: 0.2);

    [Fact]
    public void An_LSTM_keeps_states_in_both_directions()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 5, 2, 24);
        var (h, c) = (g.Input("h", Float, 2, 2, 16), g.Input("c", Float, 2, 2, 16));
        var outputs = g.Nodes("", "LSTM", [x, g.Weight(Float, 24, 1, 2, 64, 24), g.Weight(Float, 16, 1, 2, 64, 16), g.Draw(Float, 0, 0.05, 2, 128), null, h, c], 3, ("hidden_size", 16), ("direction", "bidirectional"));
        foreach (var output in outputs) g.Output(output);
        var transformed = TransformationCheck.AssertSame(g.ToBytes(), new DynamicInt8(), tolerance: 0.05);
        Assert.Equal(["DynamicQuantizeLSTM"], TransformationCheck.Operators(transformed));
    }

    [Fact]
    public void Weights_that_several_nodes_read_and_outputs_of_the_model_keep_their_meaning()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 3, 64);
        var weights = g.Weight(Float, 64, 1, 64, 64);
        var y = g.Output(g.MatMul(x, weights));
        g.Output(g.Add(g.MatMul(y, weights), g.Node("Gather", [weights, g.Longs(1)])), "z");
        TransformationCheck.AssertSame(g.ToBytes(), new DynamicInt8(), tolerance: 0.1);
    }

    [Fact]
    public void A_model_without_such_products_is_refused()
    {
        var g = new GraphBuilder();
        g.Output(g.Conv(g.Input("x", Float, 1, 16, 8, 8), 16), "y");
        Assert.Contains("no MatMul, Gemm or LSTM", TransformationCheck.AssertRefused(g, new DynamicInt8()), StringComparison.Ordinal);
        var old = new GraphBuilder(opset: 10);
        old.Output(old.MatMul(old.Input("x", Float, 1, 64), old.Weight(Float, 64, 1, 64, 64)), "y");
        Assert.Contains("normalise the model first", TransformationCheck.AssertRefused(old, new DynamicInt8()), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(static () => new DynamicInt8(6));
    }

    [SharedTheory]
    [InlineData("dtln_1.onnx")]
    [InlineData("silero_vad.onnx")]
    public void Recurrent_models_give_nearly_the_same(string name)
    {
        var original = OnnxModel.Load(SharedData.Model(name));
        var normal = new Tailoring.Surgery.Normalization.Normalization().Apply(original);
        if (name.StartsWith("silero", StringComparison.Ordinal))
        {
            // Its LSTMs are in the branches of an If.
            Assert.Throws<Tailoring.Surgery.TransformationRefusedException>(() => new DynamicInt8().Apply(normal.Model));
            return;
        }

        var plan = Partitioning.PartitionedModel.From(original);
        var transformed = new DynamicInt8().Apply(normal.Model);
        var difference = TransformationCheck.Difference(File.ReadAllBytes(SharedData.Model(name)), transformed.Bytes.ToArray(), [.. plan.Plan.Inputs.Select(static i => i.Name).Zip(plan.MakeInputs(seed: 1))]);
        Assert.True(difference.IsWithin(0.1), $"{difference.MaxMixed}; {string.Join("; ", transformed.Changes)}");
        Assert.True(transformed.Bytes.Length < 0.4 * normal.Bytes.Length, $"{transformed.Bytes.Length} of {normal.Bytes.Length}");
    }
}
