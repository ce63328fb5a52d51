using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A network over sound of any length: one-dimensional convolutions, shapes computed from the input, a mask of bool values.</summary>
public static class AudioNet
{
    /// <summary>Builds the network for <c>sound</c> (batch×samples); gives <c>speech</c> (batch×frames×1) and <c>frames</c> (int64).</summary>
    public static GraphBuilder Build(int seed = 8)
    {
        var g = new GraphBuilder("audio", seed);
        var sound = g.Input("sound", ElementType.Float32, "batch", "samples");
        var x = g.Node("Unsqueeze", [sound, g.Longs(1)]).Shaped(-1, 1, -1);
        x = g.Relu(g.Conv(x, 8, kernel: 9, stride: 4));
        x = g.Relu(g.Conv(x, 16, kernel: 5, stride: 2));
        var loud = g.Node("Greater", [x, g.Scalar(x.Type, 0.2)]).Typed(ElementType.Bool);
        var kept = g.Node("Where", [loud, x, g.Mul(x, g.Scalar(x.Type, 0.1))]).Typed(x.Type).Shaped(x.Shape.AsSpan());
        var frames = g.Transpose(kept, 0, 2, 1);
        var count = g.Node("Gather", [g.Shape(frames), g.Longs(1)]).Typed(ElementType.Int64);
        // The shape of the result is put together from pieces, as exporters do for symbolic sizes.
        var shape = g.Node("Concat", [g.Longs(-1), count, g.Longs(1)], ("axis", 0)).Typed(ElementType.Int64);
        g.Output(g.Node("Reshape", [g.Sigmoid(g.Dense(frames, 1)), shape]), "speech");
        g.Output(count, "frames");
        return g;
    }
}
