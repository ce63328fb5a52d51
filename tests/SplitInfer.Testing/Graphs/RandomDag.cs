using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random valid graphs for property tests: several inputs and outputs, values used many times or never, inputs used late, outputs
/// finished early, nodes with several outputs, constants and chains of constants, whole numbers and truth values, symbolic rows.
/// Tiny, so that a run takes microseconds. The same seed gives the same graph.
/// </summary>
public sealed class RandomDag
{
    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly List<Value> _floats = [];
    private readonly List<Value> _longs = [];
    private readonly List<Value> _bools = [];
    private readonly Axis _rows;

    private RandomDag(int seed)
    {
        _random = new(seed);
        _g = new($"dag{seed}", seed);
        _rows = _random.Next(2) == 0 ? "rows" : 3;
    }

    /// <summary>Draws a graph of about <paramref name="nodes"/> nodes. Every input has a first axis of 3 or of the symbol <c>rows</c>.</summary>
    public static GraphBuilder Build(int seed, int nodes = 14)
    {
        var dag = new RandomDag(seed);
        var late = dag.AddInputs();
        for (var i = 0; i < nodes; i++) dag.AddNode();
        dag.AddOutputs(late);
        return dag._g;
    }

    private Value AddInputs()
    {
        for (var i = _random.Next(1, 4); i > 0; i--) _floats.Add(_g.Input($"x{i}", ElementType.Float32, _rows, 4));
        if (_random.Next(2) == 0) _longs.Add(_g.Input("n", ElementType.Int64, _rows, 4));
        return _g.Input("late", ElementType.Float32, _rows, 4);
    }

    private void AddNode()
    {
        var x = Pick(_floats);
        switch (_random.Next(13))
        {
            case 0: _floats.Add(_g.Tanh(x)); break;
            case 1: _floats.Add(_g.Relu(x)); break;
            case 2: _floats.Add(Same("Mean", x, PickLike(x))); break;
            case 3: _floats.Add(Same("Max", x, PickLike(x))); break;
            case 4: _floats.Add(_g.Mul(_g.Sigmoid(x), PickLike(x))); break;
            case 5: _floats.Add(_g.Dense(x, 1 << _random.Next(1, 4))); break;
            case 6 when x.Size(1) % 2 == 0: AddSplit(x); break;
            case 7 when x.Size(1) <= 8: _floats.Add(_g.Concat(1, x, Pick(_floats))); break;
            case 8: AddConstantChain(x); break;
            case 9 when x.Size(1) >= 2: AddTopK(x); break;
            case 10: AddSelection(x); break;
            case 11: AddWholeNumbers(x); break;
            default: _floats.Add(_g.Sub(x, _g.Node("ReduceMean", [x], ("axes", new long[] { 1 })))); break;
        }
    }

    /// <summary>Sometimes only one of the parts is used later.</summary>
    private void AddSplit(Value x)
    {
        var parts = _g.Split(x, 1, 2);
        _floats.Add(parts[0]);
        if (_random.Next(2) == 0) _floats.Add(parts[1]);
    }

    /// <summary>What is computed from constants only belongs to both sides.</summary>
    private void AddConstantChain(Value x)
    {
        var constant = _g.Constant(RandomTensor.Normal(_random, ElementType.Float32, 1, x.Size(1)));
        for (var i = _random.Next(3); i > 0; i--) constant = _g.Tanh(_g.Add(constant, _g.Scalar(ElementType.Float32, 0.1)));
        _floats.Add(_g.Add(x, constant) with { Shape = x.Shape });
    }

    private void AddTopK(Value x)
    {
        var top = _g.Nodes("", "TopK", [x, _g.Longs(2)], 2, ("axis", 1));
        _floats.Add(top[0].Shaped(x.Shape[0], 2));
        _longs.Add(top[1].Typed(ElementType.Int64).Shaped(x.Shape[0], 2));
    }

    private void AddSelection(Value x)
    {
        var other = PickLike(x);
        var condition = _g.Node("Greater", [x, other]) with { Type = ElementType.Bool, Shape = x.Shape };
        var inverse = _g.Node("Not", [condition]) with { Shape = x.Shape };
        _bools.Add(inverse);
        _floats.Add(_g.Node("Where", [_random.Next(2) == 0 ? condition : inverse, x, other]) with { Type = x.Type, Shape = x.Shape });
    }

    private void AddWholeNumbers(Value x)
    {
        if (_longs.Count == 0) _longs.Add(_g.Shape(x));
        var n = Pick(_longs);
        _longs.Add(_g.Add(n, n));
        // A vector of the shape's two sizes has no rows to go on with.
        if (n.Shape.Length == 2) _floats.Add(_g.Tanh(_g.Cast(n, ElementType.Float32)));
    }

    private void AddOutputs(Value late)
    {
        _g.Output(_g.Mul(late, PickLike(late)));
        Value[] computed = [.. _bools, .. _longs.Where(IsComputed), .. _floats.Where(IsComputed)];
        foreach (var index in Enumerable.Range(0, computed.Length).OrderBy(_ => _random.Next()).Take(_random.Next(4)))
            _g.Output(computed[index]);
    }

    private static bool IsComputed(Value value) => value.Name.Contains("_out", StringComparison.Ordinal);

    private Value Pick(List<Value> values) => values[_random.Next(values.Count)];

    private Value PickLike(Value x)
    {
        var alike = _floats.Where(v => v.Shape.SequenceEqual(x.Shape)).ToArray();
        return alike.Length == 0 ? x : alike[_random.Next(alike.Length)];
    }

    private Value Same(string op, Value x, Value y) => _g.Node(op, [x, y]) with { Shape = x.Shape };
}
