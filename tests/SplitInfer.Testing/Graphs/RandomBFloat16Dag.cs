using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random graphs in bfloat16, of the operators for which ONNX Runtime's CPU provider has kernels in that type (Identity, Sign, Transpose,
/// Reshape, Flatten, Squeeze, Unsqueeze, Concat, Split, Slice, Gather, LayerNormalization, Cast; it inserts no casts around others),
/// with parts in float32 between casts. The same seed gives the same graph.
/// </summary>
public sealed class RandomBFloat16Dag
{
    private const ElementType Brain = ElementType.BFloat16;
    private const int Features = 8;

    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly List<Value> _values = [];

    private RandomBFloat16Dag(int seed)
    {
        _random = new(seed);
        _g = new($"brain{seed}", seed);
    }

    /// <summary>Draws a graph of so many groups of nodes. Every input is 4×8.</summary>
    public static GraphBuilder Build(int seed, int groups = 6)
    {
        var dag = new RandomBFloat16Dag(seed);
        for (var i = dag._random.Next(1, 3); i > 0; i--) dag._values.Add(dag._g.Input($"x{i}", dag._random.Next(3) == 0 ? ElementType.Float32 : Brain, 4, Features));
        for (var i = 0; i < groups; i++) dag._values.Add(dag.Group(dag.Narrow(dag.Pick())));
        dag._g.Output(dag._g.Identity(dag._values[^1]));
        if (dag._random.Next(2) == 0) dag._g.Output(dag._g.Cast(dag._values[^2], ElementType.Float32));
        return dag._g;
    }

    private Value Group(Value x) => _random.Next(8) switch
    {
        0 => _g.LayerNorm(x),
        1 => _g.Transpose(_g.Transpose(x, 1, 0), 1, 0),
        2 => Joined(x),
        3 => _g.Reshape(_g.Reshape(x, 8, 4), 4, Features),
        4 => _g.Node("Squeeze", [_g.Node("Unsqueeze", [x, _g.Longs(0)]), _g.Longs(0)]) with { Shape = x.Shape },
        5 => _g.Node("Gather", [x, _g.Longs(3, 1, 0, 2)]) with { Shape = x.Shape },
        6 => _g.Cast(_g.Softmax(_g.Cast(x, ElementType.Float32)), Brain),
        _ => Wide(x),
    };

    private Value Joined(Value x)
    {
        var parts = _g.Split(x, 1, 2);
        return _g.Concat(1, _g.Identity(parts[1]), _g.Node("Slice", [Narrow(Pick()), _g.Longs(0), _g.Longs(4), _g.Longs(1)]) with { Shape = parts[0].Shape });
    }

    /// <summary>A part in float32, as mixed-precision exports have around what bfloat16 cannot do.</summary>
    private Value Wide(Value x)
    {
        var wide = _g.Dense(_g.Cast(x, ElementType.Float32), Features);
        return _g.Cast(_random.Next(2) == 0 ? _g.Tanh(wide) : _g.Add(wide, _g.Cast(Pick(), ElementType.Float32)), Brain);
    }

    private Value Narrow(Value x) => x.Type == Brain ? x : _g.Cast(x, Brain);

    private Value Pick() => _values[Math.Max(0, _values.Count - 1 - _random.Next(3))];
}
