using SplitInfer.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Families;

/// <summary>A network of three convolutions that is tailored in no time.</summary>
internal static class SmallNet
{
    /// <summary>Builds it.</summary>
    /// <param name="inside">Stands behind the first convolution.</param>
    public static OnnxModel Build(Func<GraphBuilder, Value, Value>? inside = null)
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Conv(g.Input("x", ElementType.Float32, 1, 3, 16, 16), 32, stride: 2));
        if (inside is not null) x = inside(g, x);
        x = g.Relu(g.Conv(x, 64, stride: 2));
        g.Output(g.Flatten(g.Node("GlobalAveragePool", [g.Conv(x, 32)]).Shaped(1, 32, 1, 1)), "y");
        return OnnxModel.Parse(g.ToBytes(), source: "small.onnx");
    }
}
