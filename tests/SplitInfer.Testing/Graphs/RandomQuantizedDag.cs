using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random graphs of quantised networks: QuantizeLinear and DequantizeLinear around convolutions, matrix products, sums, products,
/// pools, joins, moves and activations, with weights quantised as a whole or by channel, residual connections, and some operators left
/// in float32. Every value is used or an output, as in a real network: what is computed for nothing may change how an engine fuses the
/// rest. The order of the nodes is as an exporter writes it, or any other, so that partners stand far apart. The same seed gives the
/// same graph.
/// </summary>
public sealed class RandomQuantizedDag
{
    private const int Channels = 4, Side = 6;
    private const double Step = 0.05, WeightStep = 0.004;

    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly ElementType _type;
    private readonly List<Value> _values = [];
    private readonly List<Value> _integers = [];

    private RandomQuantizedDag(int seed)
    {
        _random = new(seed);
        _g = new($"quantized{seed}", seed);
        _type = _random.Next(2) == 0 ? ElementType.UInt8 : ElementType.Int8;
    }

    /// <summary>Draws a graph of so many quantised operators. Every input is 1×4×6×6.</summary>
    public static GraphBuilder Build(int seed, int operators = 5)
    {
        var dag = new RandomQuantizedDag(seed);
        for (var i = dag._random.Next(1, 3); i > 0; i--)
            dag._values.Add(dag.OnGrid(dag._g.Input($"x{i}", ElementType.Float32, 1, Channels, Side, Side)));
        for (var i = 0; i < operators; i++) dag._values.Add(dag.Operator(dag.Pick()));
        dag.AddOutputs();
        dag.AddUnused();
        return dag._random.Next(2) == 0 ? dag._g.Shuffled(dag._random) : dag._g;
    }

    private Value Operator(Value x) => _random.Next(13) switch
    {
        0 or 1 => OnGrid(Convolved(x)),
        2 => OnGrid(_g.Relu(Convolved(x))),
        3 => OnGrid(_g.Add(x, Pick())),
        4 => OnGrid(_g.Mul(x, Pick())),
        5 => OnGrid(_g.Add(Convolved(x), x)),
        6 => OnGrid(Pooled("MaxPool", x)),
        7 => OnGrid(Pooled("AveragePool", x)),
        8 => OnGrid(Mixed(x, Pick())),
        9 => OnGrid(_g.Reshape(OnGrid(_g.Transpose(x, 0, 2, 3, 1)), 1, Channels, Side, Side)),
        10 => OnGrid(_g.Relu(x)),
        11 => OnGrid(_g.Sigmoid(x)),
        _ => _g.Tanh(x),
    };

    private Value Convolved(Value x)
    {
        var weight = _g.QuantizedWeight(WeightStep, _random.Next(2) == 0 ? 0 : null, Channels, Channels, 3, 3);
        return _g.Node("Conv", [x, weight, _g.QuantizedBias(Step * WeightStep, Channels)], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 })) with { Shape = x.Shape };
    }

    private Value Pooled(string op, Value x) =>
        _g.Node(op, [x], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 })) with { Shape = x.Shape };

    /// <summary>Two values joined, and as many channels as before taken from them.</summary>
    private Value Mixed(Value x, Value y)
    {
        var joined = OnGrid(_g.Concat(1, x, y));
        var weight = _g.QuantizedWeight(WeightStep, _random.Next(2) == 0 ? 0 : null, Channels, 2 * Channels, 1, 1);
        return _g.Node("Conv", [joined, weight], ("kernel_shape", new long[] { 1, 1 })) with { Shape = x.Shape };
    }

    private void AddOutputs()
    {
        const int Count = Channels * Side * Side;
        var last = _values[^1];
        if (_random.Next(3) == 0) _g.Output(_integers[^1]);
        if (_random.Next(3) == 0) _g.Output(_g.Identity(last));
        var flat = OnGrid(_g.Reshape(last, 1, Count));
        var isProduct = _random.Next(2) == 0;
        var weight = _g.QuantizedWeight(WeightStep, isProduct || _random.Next(2) == 0 ? null : 1, Count, 10);
        var scores = isProduct
            ? _g.Add(_g.MatMul(flat, weight), _g.Draw(ElementType.Float32, 0, 0.05, 10))
            : _g.Node("Gemm", [flat, weight, _g.QuantizedBias(Step * WeightStep, 10)]);
        _g.Output(_random.Next(2) == 0 ? OnGrid(scores) : scores);
    }

    private void AddUnused()
    {
        var used = _g.Graph.Node.SelectMany(static n => n.Input).Concat(_g.Graph.Output.Select(static o => o.Name)).ToHashSet();
        foreach (var value in _values.Where(v => !used.Contains(v.Name))) _g.Output(value);
    }

    private Value OnGrid(Value x)
    {
        var value = _g.Quantized(x, _type, Step, out var quantized);
        _integers.Add(quantized);
        return value;
    }

    private Value Pick() => _values[Math.Max(0, _values.Count - 1 - _random.Next(3))];
}
