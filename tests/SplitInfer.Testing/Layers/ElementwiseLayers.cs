using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Operators that work element by element and keep the shape of their first input.</summary>
public static class ElementwiseLayers
{
    /// <summary>max(x, 0).</summary>
    public static Value Relu(this GraphBuilder g, Value x) => Same(g, "Relu", x);

    /// <summary>min(max(x, 0), 6).</summary>
    public static Value Relu6(this GraphBuilder g, Value x) => Same(g, "Clip", x, g.Scalar(x.Type, 0), g.Scalar(x.Type, 6));

    /// <summary>The logistic function.</summary>
    public static Value Sigmoid(this GraphBuilder g, Value x) => Same(g, "Sigmoid", x);

    /// <summary>The hyperbolic tangent.</summary>
    public static Value Tanh(this GraphBuilder g, Value x) => Same(g, "Tanh", x);

    /// <summary>x as it is.</summary>
    public static Value Identity(this GraphBuilder g, Value x) => Same(g, "Identity", x);

    /// <summary>x·Φ(x), written out as exporters write it.</summary>
    public static Value Gelu(this GraphBuilder g, Value x)
    {
        var erf = Same(g, "Erf", g.Div(x, g.Scalar(x.Type, Math.Sqrt(2))));
        return g.Mul(g.Mul(x, g.Add(erf, g.Scalar(x.Type, 1))), g.Scalar(x.Type, 0.5));
    }

    /// <summary>The sum.</summary>
    public static Value Add(this GraphBuilder g, Value x, Value y) => Same(g, "Add", x, y);

    /// <summary>The difference.</summary>
    public static Value Sub(this GraphBuilder g, Value x, Value y) => Same(g, "Sub", x, y);

    /// <summary>The product.</summary>
    public static Value Mul(this GraphBuilder g, Value x, Value y) => Same(g, "Mul", x, y);

    /// <summary>The quotient.</summary>
    public static Value Div(this GraphBuilder g, Value x, Value y) => Same(g, "Div", x, y);

    /// <summary>The elements as another type.</summary>
    public static Value Cast(this GraphBuilder g, Value x, ElementType type) => g.Node("Cast", [x], ("to", (long)type)) with { Type = type, Shape = x.Shape };

    /// <summary>Exponentials that sum to one along an axis.</summary>
    public static Value Softmax(this GraphBuilder g, Value x, int axis = -1) => g.Node("Softmax", [x], ("axis", axis)) with { Shape = x.Shape };

    private static Value Same(GraphBuilder g, string op, params ReadOnlySpan<Value?> inputs) => g.Node(op, inputs) with { Shape = inputs[0]!.Shape };
}
