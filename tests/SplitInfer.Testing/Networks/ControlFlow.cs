using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>An <c>If</c>, a <c>Loop</c> and a <c>Scan</c> between layers; all three bodies use values from outside.</summary>
public static class ControlFlow
{
    private const int Features = 8;

    /// <summary>Builds the network for <c>x</c> (4×8), <c>flag</c> (bool) and <c>times</c> (int64); gives <c>y</c> and <c>sums</c>.</summary>
    public static GraphBuilder Build(int seed = 9)
    {
        var g = new GraphBuilder("control", seed);
        var x = g.Input("x", ElementType.Float32, 4, Features);
        var flag = g.Input("flag", ElementType.Bool);
        var times = g.Input("times", ElementType.Int64);
        var outside = g.Tanh(g.Dense(x, Features));
        x = Branch(g, g.Relu(x), outside, flag);
        x = Repeat(g, x, outside, times);
        g.Output(Sums(g, x, outside), "sums");
        g.Output(g.Tanh(g.Dense(x, 3)), "y");
        return g;
    }

    private static Value Branch(GraphBuilder g, Value x, Value outside, Value flag)
    {
        var (yes, no) = (g.Body("yes"), g.Body("no"));
        yes.Output(yes.Add(x, outside));
        no.Output(no.Sub(no.Mul(x, outside), x));
        return g.Node("If", [flag], ("then_branch", yes), ("else_branch", no)).Typed(x.Type).Shaped(x.Shape.AsSpan());
    }

    private static Value Repeat(GraphBuilder g, Value x, Value outside, Value times)
    {
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", x.Type, 4, Features);
        body.Output(body.Identity(go));
        body.Output(body.Tanh(body.Add(state, outside)));
        return g.Node("Loop", [times, null, x], ("body", body)).Typed(x.Type).Shaped(x.Shape.AsSpan());
    }

    private static Value Sums(GraphBuilder g, Value x, Value outside)
    {
        var body = g.Body("step");
        var sum = body.Input("sum", x.Type, Features);
        var row = body.Input("row", x.Type, Features);
        var next = body.Add(sum, row);
        var first = body.Node("Gather", [outside, body.Initializer(TensorValue.From<long>([0]))]);
        body.Output(next);
        body.Output(body.Mul(next, first));
        var zero = g.Initializer(RandomTensor.Fill(x.Type, new(Features), static () => 0));
        return g.Nodes("", "Scan", [zero, x], 2, ("body", body), ("num_scan_inputs", 1))[1];
    }
}
