using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random graphs of several types at once: parts in float16 whose values leave its range, quantised parts, whole numbers and shapes, and
/// float32 between them, joined by casts. What is quantised or rounded is not computed in float16 before: there a rounding in the last
/// place is a whole step. The same seed gives the same graph.
/// </summary>
public sealed class RandomMixedDag
{
    private const ElementType Float = ElementType.Float32;
    private const int Features = 8;

    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly List<Value> _exact = [];
    private readonly List<Value> _rough = [];

    private RandomMixedDag(int seed)
    {
        _random = new(seed);
        _g = new($"mixed{seed}", seed);
    }

    /// <summary>Draws a graph of so many parts. Every input is rows×8, rows being 3 or the symbol <c>rows</c>.</summary>
    public static GraphBuilder Build(int seed, int parts = 5)
    {
        var dag = new RandomMixedDag(seed);
        Axis rows = dag._random.Next(2) == 0 ? "rows" : 3;
        dag._exact.Add(dag._g.Input("x", Float, rows, Features));
        if (dag._random.Next(2) == 0) dag._rough.Add(dag.ToFloat(dag._g.Input("h", ElementType.Float16, rows, Features)));
        if (dag._random.Next(2) == 0) dag._exact.Add(dag.ToFloat(dag._g.Input("n", ElementType.Int64, rows, Features)));
        for (var i = 0; i < parts; i++) dag.AddPart();
        dag.AddOutputs();
        return dag._random.Next(2) == 0 ? dag._g.Shuffled(dag._random) : dag._g;
    }

    private void AddPart()
    {
        if (_random.Next(2) == 0) _exact.Add(ExactPart(Last(_exact)));
        else _rough.Add(RoughPart(_rough.Count == 0 || _random.Next(2) == 0 ? Last(_exact) : Last(_rough)));
    }

    private Value ExactPart(Value x) => _random.Next(6) switch
    {
        0 => Product(x),
        1 => OnGrid(_g.Add(OnGrid(x), OnGrid(Last(_exact)))),
        2 => WholeNumbers(x),
        3 => Sizes(x),
        4 => _g.Tanh(_g.Dense(x, Features)),
        _ => _g.Add(_g.Sigmoid(x), Last(_exact)),
    };

    private Value RoughPart(Value x) => _random.Next(4) switch
    {
        0 => ToFloat(RandomHalfDag.Extreme(_g, _random, RandomHalfDag.Extreme(_g, _random, ToHalf(x)))),
        1 => _g.Add(_g.Sigmoid(x), Last(_exact)),
        _ => ToFloat(RandomHalfDag.Extreme(_g, _random, ToHalf(x))),
    };

    private Value Product(Value x)
    {
        var weight = _g.QuantizedWeight(0.01, null, Features, Features);
        return OnGrid(_g.MatMul(OnGrid(x), weight));
    }

    /// <summary>Numbers on a grid of whole numbers, far enough from where a cast would jump.</summary>
    private Value WholeNumbers(Value x)
    {
        var n = _g.Cast(_g.Node("Round", [_g.Mul(x, _g.Scalar(Float, 4))]) with { Shape = x.Shape }, ElementType.Int64);
        return _g.Mul(ToFloat(_g.Add(n, n)), _g.Scalar(Float, 0.125));
    }

    private Value Sizes(Value x)
    {
        var shape = _g.Shape(x);
        var count = _g.Cast(_g.Node("Gather", [shape, _g.Scalar(ElementType.Int64, 0)]).Typed(ElementType.Int64), Float);
        return _g.Node("Reshape", [_g.Mul(x, _g.Node("Reciprocal", [count])), shape]) with { Shape = x.Shape };
    }

    private Value OnGrid(Value x) => _g.Quantized(x, ElementType.UInt8, 0.05, out _);

    private Value ToHalf(Value x) => _g.Cast(x, ElementType.Float16);

    private Value ToFloat(Value x) => _g.Cast(x, Float);

    private void AddOutputs()
    {
        _g.Output(_g.Tanh(_exact[^1]));
        if (_rough.Count > 0) _g.Output(_random.Next(2) == 0 ? _g.Identity(_rough[^1]) : ToHalf(_rough[^1]));
    }

    private Value Last(List<Value> values) => values[Math.Max(0, values.Count - 1 - _random.Next(3))];
}
