using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random graphs in float16 whose inputs and outputs are of moderate size and whose intermediate values are not: squares, exponentials
/// and sums that overflow or underflow float16 before a logarithm, a root or a quotient brings them back. An engine that computes in
/// float32 between casts stays finite; a cut that rounds what crosses to float16 does not. The same seed gives the same graph.
/// </summary>
public sealed class RandomHalfDag
{
    private const ElementType Half = ElementType.Float16;
    private const int Features = 8;

    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly List<Value> _values = [];

    private RandomHalfDag(int seed)
    {
        _random = new(seed);
        _g = new($"half{seed}", seed);
    }

    /// <summary>Draws a graph of so many groups of nodes. Every input is rows×8, rows being 3 or the symbol <c>rows</c>.</summary>
    public static GraphBuilder Build(int seed, int groups = 4)
    {
        var dag = new RandomHalfDag(seed);
        Axis rows = dag._random.Next(2) == 0 ? "rows" : 3;
        for (var i = dag._random.Next(1, 3); i > 0; i--) dag._values.Add(dag._g.Input($"x{i}", Half, rows, Features));
        for (var i = 0; i < groups; i++) dag._values.Add(dag.Group(dag.Pick()));
        dag.AddOutputs();
        return dag._g;
    }

    /// <summary>One group of nodes whose values leave the range of float16, or a few that do not. Also for graphs of other types that have a part in float16.</summary>
    /// <param name="g">The graph that it is added to.</param>
    /// <param name="random">Chooses the group.</param>
    /// <param name="x">A float16 value of two axes with moderate numbers; the result is like it.</param>
    internal static Value Extreme(GraphBuilder g, Random random, Value x) => random.Next(7) switch
    {
        0 => LogEnergy(g, x),
        1 => Normalized(g, x, random.Next(2) == 0),
        2 => g.Mul(Log(g, Exp(g, Scaled(g, x, 8))), g.Scalar(Half, 1 / 8d)),
        3 => Shares(g, x),
        4 => Root(g, x),
        5 => Tiny(g, x),
        _ => g.Tanh(Scaled(g, Power(g, Scaled(g, x, 20), 3), 1 / 1024d)),
    };

    private Value Group(Value x) => _random.Next(14) switch
    {
        0 => _g.Add(_g.Tanh(x), Pick()),
        1 => _g.Mul(_g.Sigmoid(x), Pick()),
        2 => _g.Tanh(_g.Dense(x, Features)),
        3 => Moved(x),
        4 => Node("Max", _g.Tanh(x), Pick()),
        5 => _g.LayerNorm(x),
        6 => _g.Softmax(x),
        _ => Extreme(_g, _random, x),
    };

    /// <summary>Nodes that have kernels for float16, so that here the whole model rounds too.</summary>
    private Value Moved(Value x)
    {
        var parts = _g.Split(_g.Relu6(x), 1, 2);
        var turned = _g.Transpose(_g.Transpose(_g.Sigmoid(parts[0]), 1, 0), 1, 0);
        return _g.Concat(1, parts[1], turned) with { Shape = x.Shape };
    }

    private static Value LogEnergy(GraphBuilder g, Value x)
    {
        var energy = g.Node("ReduceSum", [Power(g, Scaled(g, x, 300), 2), g.Longs(-1)], ("keepdims", 1));
        return g.Add(x, Scaled(g, Log(g, g.Add(energy, g.Scalar(Half, 1))), 0.1)) with { Shape = x.Shape };
    }

    /// <summary>Layer normalisation as older exporters write it.</summary>
    private static Value Normalized(GraphBuilder g, Value x, bool asProduct)
    {
        var wide = Scaled(g, x, 400);
        var centred = g.Sub(wide, Mean(g, wide));
        var square = asProduct ? g.Mul(centred, centred) : Power(g, centred, 2);
        var deviation = g.Node("Sqrt", [g.Add(Mean(g, square), g.Scalar(Half, 1e-5))]);
        return g.Add(g.Mul(g.Div(centred, deviation), g.Draw(Half, 1, 0.05, Features)), g.Draw(Half, 0, 0.05, Features)) with { Shape = x.Shape };
    }

    /// <summary>A softmax without the maximum taken off.</summary>
    private static Value Shares(GraphBuilder g, Value x)
    {
        var powers = Exp(g, Scaled(g, x, 6));
        return g.Div(powers, g.Node("ReduceSum", [powers, g.Longs(-1)], ("keepdims", 1))) with { Shape = x.Shape };
    }

    private static Value Root(GraphBuilder g, Value x)
    {
        var wide = Scaled(g, x, 500);
        return Scaled(g, g.Node("Sqrt", [g.Mul(wide, wide)]) with { Shape = x.Shape }, 1 / 512d);
    }

    private static Value Tiny(GraphBuilder g, Value x)
    {
        var small = g.Scalar(Half, 1 / 8192d);
        return g.Div(g.Div(g.Mul(g.Mul(x, small), small), small), small);
    }

    private static Value Scaled(GraphBuilder g, Value x, double factor) => g.Mul(x, g.Scalar(Half, factor));

    private static Value Power(GraphBuilder g, Value x, double exponent) => g.Node("Pow", [x, g.Scalar(Half, exponent)]) with { Shape = x.Shape };

    private static Value Exp(GraphBuilder g, Value x) => g.Node("Exp", [x]) with { Shape = x.Shape };

    private static Value Log(GraphBuilder g, Value x) => g.Node("Log", [x]) with { Shape = x.Shape };

    private static Value Mean(GraphBuilder g, Value x) => g.Node("ReduceMean", [x], ("axes", new long[] { -1 }), ("keepdims", 1));

    private Value Node(string op, Value x, Value y) => _g.Node(op, [x, y]) with { Shape = x.Shape };

    private void AddOutputs()
    {
        var last = _values[^1];
        if (_random.Next(2) == 0) _g.Output(last);
        _g.Output(_random.Next(2) == 0 ? _g.Tanh(last) : _g.Cast(last, ElementType.Float32));
    }

    private Value Pick() => _values[Math.Max(0, _values.Count - 1 - _random.Next(3))];
}
