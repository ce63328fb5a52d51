using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests;

/// <summary>A model of which a run does not end: a loop of 2^62 turns.</summary>
internal static class EndlessNet
{
    public static GraphBuilder Build()
    {
        var g = new GraphBuilder("endless");
        var x = g.Input("x", ElementType.Float32, 4);
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", x.Type, 4);
        body.Output(body.Identity(go));
        body.Output(body.Tanh(state));
        var turns = g.Constant(TensorValue.From<long>([1L << 62]));
        g.Output(g.Node("Loop", [turns, null, g.Relu(x)], ("body", body)).Typed(x.Type).Shaped(x.Shape.AsSpan()), "y");
        return g;
    }
}
