using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A detector at three scales: several inputs, one of them used only at the end, and outputs finished long before the last node.</summary>
public static class Detector
{
    /// <summary>Builds the network for <c>image</c> (1×3×size×size) and <c>scale</c> (1×4); gives <c>boxes_s</c>, <c>scores_s</c> for s = 0, 1, 2 and <c>best</c> (int64).</summary>
    public static GraphBuilder Build(int size = 64, int width = 16, int seed = 5)
    {
        var g = new GraphBuilder("detector", seed);
        var x = g.Input("image", ElementType.Float32, 1, 3, size, size);
        var scale = g.Input("scale", ElementType.Float32, 1, 4);
        var all = new List<Value>();
        for (var level = 0; level < 3; level++)
        {
            x = g.Relu(g.Conv(x, width << level, stride: 2));
            x = g.Relu(g.Add(x, g.Conv(x, width << level, gain: 0.5)));
            all.Add(g.Output(g.Sigmoid(Flat(g, g.Conv(x, 2, kernel: 1), 2)), $"scores_{level}"));
            all.Add(Flat(g, g.Conv(x, 4, kernel: 1), 4));
        }

        for (var level = 0; level < 3; level++) g.Output(g.Mul(all[2 * level + 1], scale), $"boxes_{level}");
        var scores = g.Concat(1, all[0], all[2], all[4]);
        g.Output(g.Node("ArgMax", [scores], ("axis", 1)).Typed(ElementType.Int64), "best");
        return g;
    }

    private static Value Flat(GraphBuilder g, Value x, int features) =>
        g.Reshape(g.Transpose(x, 0, 2, 3, 1), 1, x.Size(2) * x.Size(3), features);
}
