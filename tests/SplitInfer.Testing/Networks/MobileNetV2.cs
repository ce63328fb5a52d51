using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>MobileNetV2: inverted residual blocks with depthwise convolutions, and skips between the narrow ends.</summary>
public static class MobileNetV2
{
    // Expansion, channels, repetitions, stride of the first: the table of the paper.
    private static readonly (int Expansion, int Channels, int Count, int Stride)[] Stages =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    /// <summary>Builds the network for images of 1×3×size×size, named <c>image</c>; gives <c>scores</c>.</summary>
    public static GraphBuilder Build(int size = 224, int classes = 1000, int seed = 2)
    {
        var g = new GraphBuilder("mobilenet_v2", seed);
        var x = g.Relu6(g.Conv(g.Input("image", ElementType.Float32, 1, 3, size, size), 32, stride: 2));
        foreach (var (expansion, channels, count, stride) in Stages)
            for (var i = 0; i < count; i++)
                x = Block(g, x, expansion, channels, i == 0 ? stride : 1);
        x = g.Relu6(g.Conv(x, 1280, kernel: 1));
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(x)), classes), "scores");
        return g;
    }

    private static Value Block(GraphBuilder g, Value x, int expansion, int channels, int stride)
    {
        var wide = expansion == 1 ? x : g.Relu6(g.Conv(x, (int)x.Size(1) * expansion, kernel: 1));
        var narrow = g.Conv(g.Relu6(g.DepthwiseConv(wide, stride: stride)), channels, kernel: 1, gain: 1);
        return stride == 1 && x.Size(1) == channels ? g.Add(x, narrow) : narrow;
    }
}
