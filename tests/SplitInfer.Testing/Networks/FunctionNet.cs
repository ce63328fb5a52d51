using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>Layers that call a model-local function.</summary>
public static class FunctionNet
{
    /// <summary>Builds the network for <c>x</c> (batch×8); gives <c>y</c>.</summary>
    public static GraphBuilder Build(int seed = 10)
    {
        var g = new GraphBuilder("functions", seed);
        g.Function("local", "Swish", ["x"], static (f, x) => f.Output(f.Mul(x[0], f.Sigmoid(x[0]))));
        var x = g.Input("x", ElementType.Float32, "batch", 8);
        for (var layer = 0; layer < 3; layer++)
            x = g.Nodes("local", "Swish", [g.Dense(x, 8)], 1)[0].Shaped(-1, 8);
        g.Output(x, "y");
        return g;
    }
}
