using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>ResNet-18, as in "Deep Residual Learning for Image Recognition": a stem and four stages of two basic blocks.</summary>
public static class ResNet18
{
    /// <summary>Builds the network for images of 1×3×size×size, named <c>image</c>; gives <c>scores</c>.</summary>
    public static GraphBuilder Build(int size = 224, int classes = 1000, int seed = 18, ElementType type = ElementType.Float32, int width = 64)
    {
        var g = new GraphBuilder("resnet18", seed);
        var x = g.Input("image", type, 1, 3, size, size);
        x = g.Relu(g.BatchNorm(g.Conv(x, width, kernel: 7, stride: 2)));
        x = g.MaxPool(x, kernel: 3, stride: 2, pad: 1);
        for (var stage = 0; stage < 4; stage++)
        {
            x = Block(g, x, width << stage, stride: stage == 0 ? 1 : 2);
            x = Block(g, x, width << stage, stride: 1);
        }

        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(x)), classes), "scores");
        return g;
    }

    private static Value Block(GraphBuilder g, Value x, int channels, int stride)
    {
        var branch = g.Relu(g.BatchNorm(g.Conv(x, channels, stride: stride)));
        branch = g.BatchNorm(g.Conv(branch, channels, gain: 0.5));
        var skip = stride == 1 && x.Size(1) == channels ? x : g.BatchNorm(g.Conv(x, channels, kernel: 1, stride: stride, gain: 1));
        return g.Relu(g.Add(branch, skip));
    }
}
