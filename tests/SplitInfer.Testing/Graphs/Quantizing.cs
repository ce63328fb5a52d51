using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Pairs of QuantizeLinear and DequantizeLinear, as quantised models hold them around their operators.</summary>
public static class Quantizing
{
    /// <summary>The numbers of <paramref name="x"/> on a grid: quantised and dequantised with one step. <paramref name="quantized"/> is what lies between.</summary>
    public static Value Quantized(this GraphBuilder g, Value x, ElementType type, double step, out Value quantized)
    {
        var (scale, zero) = (g.Scalar(ElementType.Float32, step), g.Scalar(type, type == ElementType.UInt8 ? 128 : 0));
        quantized = g.Node("QuantizeLinear", [x, scale, zero]) with { Type = type, Shape = x.Shape };
        return g.Node("DequantizeLinear", [quantized, scale, zero]) with { Type = x.Type, Shape = x.Shape };
    }

    /// <summary>Weights of 8 bits behind a DequantizeLinear, with one step for all, or one for each slice of the given axis.</summary>
    public static Value QuantizedWeight(this GraphBuilder g, double step, int? axis, params ReadOnlySpan<long> shape)
    {
        var weight = g.Initializer(RandomTensor.Uniform(g.Random, ElementType.Int8, 0, 60, shape));
        if (axis is null) return Dequantized(g, weight, g.Scalar(ElementType.Float32, step), g.Scalar(ElementType.Int8, 0));
        var steps = g.Initializer(RandomTensor.Uniform(g.Random, ElementType.Float32, step, step / 4, shape[axis.Value]));
        var zeros = g.Initializer(RandomTensor.Fill(ElementType.Int8, new([shape[axis.Value]]), static () => 0));
        return g.Node("DequantizeLinear", [weight, steps, zeros], ("axis", axis.Value)).Typed(ElementType.Float32).Shaped(shape);
    }

    /// <summary>A bias of 32 bits behind a DequantizeLinear, whose step is the product of those of input and weight.</summary>
    public static Value QuantizedBias(this GraphBuilder g, double step, long count) =>
        Dequantized(g, g.Initializer(RandomTensor.Uniform(g.Random, ElementType.Int32, 0, 200, count)), g.Scalar(ElementType.Float32, step), null);

    private static Value Dequantized(GraphBuilder g, Value x, Value scale, Value? zero) =>
        (zero is null ? g.Node("DequantizeLinear", [x, scale]) : g.Node("DequantizeLinear", [x, scale, zero])) with { Type = ElementType.Float32, Shape = x.Shape };
}
