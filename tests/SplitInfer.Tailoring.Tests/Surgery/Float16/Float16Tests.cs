using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Float16;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Surgery.Float16;

public sealed class Float16Tests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData("resnet18")]
    [InlineData("transformer")]
    [InlineData("lstm_tagger")]
    [InlineData("unet")]
    public void Stored_weights_take_half_of_the_bytes_and_compute_nearly_the_same(string name)
    {
        var model = NetworkCatalog.All[name]().ToBytes();
        var transformed = TransformationCheck.AssertSame(model, new Float16Storage(), tolerance: 0.01);
        var weights = TransformationCheck.Proto(model).Graph.Initializer.Where(static i => i.DataType == (int)Float).Sum(static i => TensorProtos.ByteSize(i));
        Assert.InRange(model.Length - transformed.Bytes.Length, 0.4 * weights, 0.5 * weights);
    }

    [Fact]
    public void A_constant_node_and_a_weight_that_a_body_reads_are_stored_too()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 1, 64);
        var (captured, constant) = (g.Draw(Float, 0, 1, 1, 64), g.Constant(RandomTensor.Normal(new(1), Float, 1, 64)));
        var positive = g.Node("Greater", [g.Node("ReduceMax", [x], ("keepdims", 0)), g.Scalar(Float, 0)]).Typed(ElementType.Bool);
        var (yes, no) = (g.Body("yes"), g.Body("no"));
        yes.Output(yes.Add(x, captured));
        no.Output(no.Identity(captured));
        g.Output(g.Add(g.Node("If", [positive], ("then_branch", yes), ("else_branch", no)).Typed(Float), constant), "y");
        var transformed = TransformationCheck.AssertSame(g.ToBytes(), new Float16Storage(), tolerance: 1e-3);
        Assert.Equal(2, TransformationCheck.Proto(transformed.Bytes).Graph.Initializer.Count(static i => i.DataType == (int)ElementType.Float16));
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet_v2")]
    [InlineData("transformer")]
    [InlineData("detector")]
    [InlineData("unet")]
    [InlineData("audio")]
    [InlineData("control_flow")]
    public void A_graph_in_float16_computes_nearly_the_same_and_keeps_its_inputs_and_outputs(string name)
    {
        var model = NetworkCatalog.All[name]().ToBytes();
        var transformed = TransformationCheck.AssertSame(model, new Float16Graph(), tolerance: 0.03);
        var (before, after) = (TransformationCheck.Proto(model).Graph, TransformationCheck.Proto(transformed.Bytes).Graph);
        Assert.Equal(before.Input.Select(static i => (i.Name, i.Type.TensorType.ElemType)), after.Input.Select(static i => (i.Name, i.Type.TensorType.ElemType)));
        Assert.Equal(before.Output.Select(static o => o.Name), after.Output.Select(static o => o.Name));
        // Casts take more than the few weights of the smallest.
        if (model.Length > 100_000) Assert.True(transformed.Bytes.Length < 0.6 * model.Length, $"{transformed.Bytes.Length} of {model.Length}");
    }

    [Fact]
    public void Random_graphs_in_float16_compute_nearly_the_same()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var g = new GraphBuilder(seed: seed);
            var x = g.Input("x", Float, 2, 4, 6, 6);
            g.Output(x);
            var y = g.Relu(g.Conv(x, 8));
            y = (seed % 4) switch { 0 => g.Concat(1, y, g.Sigmoid(y)), 1 => g.Add(y, g.BatchNorm(y)), 2 => g.Output(g.MaxPool(y)), _ => g.Mul(y, g.Node("Exp", [g.Node("Neg", [y])]) with { Shape = y.Shape }) };
            g.Output(g.Softmax(g.Gemm(g.Flatten(g.GlobalAveragePool(y)), 5)), "scores");
            TransformationCheck.AssertSame(g.ToBytes(), new Float16Graph(), tolerance: 0.02, seed);
        }
    }

    [Fact]
    public void What_overflows_stays_float32()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", Float, 1, 8, 32);
        // The scores of attention are beyond 65504.
        var large = g.Mul(x, g.Scalar(Float, 200));
        var scores = g.MatMul(large, g.Transpose(large, 0, 2, 1));
        g.Output(g.MatMul(g.Softmax(g.Mul(scores, g.Scalar(Float, 0.25e-5))), g.Dense(x, 16)), "y");
        // An epsilon is below what float16 holds.
        g.Output(g.Div(x, g.Add(g.Node("Abs", [x]), g.Scalar(Float, 1e-9))), "z");
        var transformed = TransformationCheck.AssertSame(g.ToBytes(), new Float16Graph(), tolerance: 0.02);
        Assert.Contains(TransformationCheck.Proto(transformed.Bytes).Graph.Initializer, static i => i.DataType == (int)ElementType.Float16);
    }

    [Fact]
    public void What_cannot_be_float16_is_refused()
    {
        var g = new GraphBuilder();
        var weights = g.Initializer(RandomTensor.Fill(Float, new(64, 2), static () => 70000), "huge");
        g.Output(g.Node("MatMul", [g.Input("x", Float, 1, 64), weights]), "y");
        Assert.Contains("'huge' have 7E+04", TransformationCheck.AssertRefused(g, new Float16Storage()), StringComparison.Ordinal);
        Assert.Contains("'huge' have 7E+04", TransformationCheck.AssertRefused(g, new Float16Graph()), StringComparison.Ordinal);
        var none = new GraphBuilder();
        none.Output(none.Node("Exp", [none.Input("x", Float, 1, 4)]), "y");
        Assert.Contains("no float32 weights", TransformationCheck.AssertRefused(none, new Float16Storage()), StringComparison.Ordinal);
        Assert.Contains("no node", TransformationCheck.AssertRefused(none, new Float16Graph()), StringComparison.Ordinal);
    }

    [Fact]
    public void Tiny_weights_keep_their_digits()
    {
        var g = new GraphBuilder();
        g.Output(g.Mul(g.MatMul(g.Input("x", Float, 2, 64), g.Draw(Float, 0, 1e-6, 64, 4)), g.Scalar(Float, 1e6)), "y");
        g.Output(g.MatMul(new Value("x", Float, [2, 64]), g.Draw(Float, 0, 1, 64, 4)), "z");
        TransformationCheck.AssertSame(g.ToBytes(), new Float16Storage(), tolerance: 3e-3);
    }
}
