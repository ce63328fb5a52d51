using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Initializers, drawn so that activations keep their scale from layer to layer.</summary>
public static class Weights
{
    /// <summary>The gain that makes up for a rectifier, which takes half of the variance.</summary>
    public const double ReluGain = 1.4142135623730951;

    /// <summary>Weights with variance gain² / fanIn.</summary>
    public static Value Weight(this GraphBuilder g, ElementType type, long fanIn, double gain, params ReadOnlySpan<long> shape) =>
        g.Draw(type, 0, gain / Math.Sqrt(Math.Max(1, fanIn)), shape);

    /// <summary>Numbers around <paramref name="mean"/>.</summary>
    public static Value Draw(this GraphBuilder g, ElementType type, double mean, double deviation, params ReadOnlySpan<long> shape) =>
        g.Initializer(RandomTensor.Uniform(g.Random, type, mean, deviation, shape));

    /// <summary>Whole numbers, as <c>Reshape</c> and its like take them.</summary>
    public static Value Longs(this GraphBuilder g, params ReadOnlySpan<long> values) => g.Initializer(TensorValue.From(values, values.Length));

    /// <summary>One number of the given type.</summary>
    public static Value Scalar(this GraphBuilder g, ElementType type, double value) => g.Initializer(RandomTensor.Fill(type, new(), () => value));
}
