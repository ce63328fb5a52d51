using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A U-Net: every level of the way down is kept until its counterpart on the way up.</summary>
public static class UNet
{
    /// <summary>Builds the network for <c>image</c> (1×3×size×size); gives <c>mask</c>.</summary>
    public static GraphBuilder Build(int size = 64, int width = 8, int levels = 3, int seed = 6)
    {
        var g = new GraphBuilder("unet", seed);
        var x = g.Input("image", ElementType.Float32, 1, 3, size, size);
        var skips = new Stack<Value>();
        for (var level = 0; level < levels; level++)
        {
            x = Twice(g, x, width << level);
            skips.Push(x);
            x = g.MaxPool(x);
        }

        x = Twice(g, x, width << levels);
        for (var level = levels - 1; level >= 0; level--)
            x = Twice(g, g.Concat(1, skips.Pop(), g.UpConv(x, width << level)), width << level);
        g.Output(g.Sigmoid(g.Conv(x, 1, kernel: 1, gain: 1)), "mask");
        return g;
    }

    private static Value Twice(GraphBuilder g, Value x, int channels) => g.Relu(g.Conv(g.Relu(g.Conv(x, channels)), channels));
}
