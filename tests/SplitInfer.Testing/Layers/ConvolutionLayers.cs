namespace SplitInfer.Testing;

/// <summary>Layers over N×C×spatial values. Weights are seeded and keep the scale of a rectified signal.</summary>
public static class ConvolutionLayers
{
    /// <summary>A convolution with bias. Without a padding, the size stays the same at stride 1.</summary>
    public static Value Conv(this GraphBuilder g, Value x, int channels, int kernel = 3, int stride = 1, int? pad = null, int group = 1, double gain = Weights.ReluGain)
    {
        var (axes, inputs) = (x.Shape.Length - 2, x.Size(1) / group);
        var window = Repeat(kernel, axes);
        var padding = pad ?? kernel / 2;
        var weight = g.Weight(x.Type, inputs * (long)Math.Pow(kernel, axes), gain, [channels, inputs, .. window]);
        var bias = g.Draw(x.Type, 0, 0.05, channels);
        return g.Node("Conv", [x, weight, bias],
                ("kernel_shape", window), ("strides", Repeat(stride, axes)), ("pads", Repeat(padding, axes * 2)), ("group", group))
            .Shaped(Windowed(x, channels, kernel, stride, padding));
    }

    /// <summary>A convolution of every channel by itself.</summary>
    public static Value DepthwiseConv(this GraphBuilder g, Value x, int kernel = 3, int stride = 1) =>
        g.Conv(x, (int)x.Size(1), kernel, stride, group: (int)x.Size(1));

    /// <summary>A transposed convolution that multiplies every spatial size by <paramref name="factor"/>.</summary>
    public static Value UpConv(this GraphBuilder g, Value x, int channels, int factor = 2)
    {
        var axes = x.Shape.Length - 2;
        var weight = g.Weight(x.Type, x.Size(1), Weights.ReluGain, [x.Size(1), channels, .. Repeat(factor, axes)]);
        long[] shape = [x.Shape[0], channels, .. x.Shape.Skip(2).Select(size => size < 0 ? size : size * factor)];
        return g.Node("ConvTranspose", [x, weight], ("kernel_shape", Repeat(factor, axes)), ("strides", Repeat(factor, axes))).Shaped(shape);
    }

    /// <summary>Batch normalisation with statistics of its own, near one and zero.</summary>
    public static Value BatchNorm(this GraphBuilder g, Value x)
    {
        var channels = x.Size(1);
        var variance = g.Initializer(RandomTensor.Fill(x.Type, new(channels), () => 0.8 + 0.4 * g.Random.NextDouble()));
        return g.Node("BatchNormalization",
            [x, g.Draw(x.Type, 1, 0.05, channels), g.Draw(x.Type, 0, 0.05, channels), g.Draw(x.Type, 0, 0.05, channels), variance])
            .Shaped(x.Shape.AsSpan());
    }

    /// <summary>The maximum over windows.</summary>
    public static Value MaxPool(this GraphBuilder g, Value x, int kernel = 2, int stride = 2, int pad = 0) => Pool(g, "MaxPool", x, kernel, stride, pad);

    /// <summary>The mean over windows.</summary>
    public static Value AveragePool(this GraphBuilder g, Value x, int kernel = 2, int stride = 2, int pad = 0) => Pool(g, "AveragePool", x, kernel, stride, pad);

    /// <summary>The mean of every channel.</summary>
    public static Value GlobalAveragePool(this GraphBuilder g, Value x) =>
        g.Node("GlobalAveragePool", [x]).Shaped([x.Shape[0], x.Shape[1], .. Repeat(1, x.Shape.Length - 2)]);

    private static Value Pool(GraphBuilder g, string op, Value x, int kernel, int stride, int pad)
    {
        var axes = x.Shape.Length - 2;
        return g.Node(op, [x], ("kernel_shape", Repeat(kernel, axes)), ("strides", Repeat(stride, axes)), ("pads", Repeat(pad, axes * 2)))
            .Shaped(Windowed(x, x.Shape[1], kernel, stride, pad));
    }

    private static long[] Windowed(Value x, long channels, int kernel, int stride, int pad) =>
        [x.Shape[0], channels, .. x.Shape.Skip(2).Select(size => size < 0 ? size : (size + 2 * pad - kernel) / stride + 1)];

    private static long[] Repeat(long value, int count)
    {
        var values = new long[count];
        Array.Fill(values, value);
        return values;
    }
}
