using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>
/// Random graphs that compute with shapes as exporters make them: sizes are read, picked, multiplied, joined and used by Reshape, Slice,
/// Expand, ConstantOfShape, Range and Resize, some of them far from where they are read. Axes of the inputs are fixed, symbolic or mixed.
/// Every value is of the inputs' shape, rows×cols, whose sizes at run time are to be 3 and 4. The same seed gives the same graph.
/// </summary>
public sealed class RandomShapeDag
{
    private const ElementType Float = ElementType.Float32;

    private readonly Random _random;
    private readonly GraphBuilder _g;
    private readonly List<Value> _values = [];
    private readonly List<Value> _shapes = [];

    private RandomShapeDag(int seed)
    {
        _random = new(seed);
        _g = new($"shapes{seed}", seed);
    }

    /// <summary>Draws a graph of so many groups of nodes.</summary>
    public static GraphBuilder Build(int seed, int groups = 5)
    {
        var dag = new RandomShapeDag(seed);
        Axis rows = dag._random.Next(2) == 0 ? "rows" : 3, cols = dag._random.Next(2) == 0 ? "cols" : 4;
        for (var i = dag._random.Next(1, 3); i > 0; i--) dag._values.Add(dag._g.Input($"x{i}", Float, rows, cols));
        for (var i = 0; i < groups; i++) dag._values.Add(dag.Group(dag.Computed(dag.Pick())));
        dag._g.Output(dag._g.Tanh(dag._values[^1]));
        if (dag._random.Next(3) == 0) dag._g.Output(dag.Pair(dag.Size(dag._values[^1], 1), dag.Size(dag._values[^2], 0)));
        return dag._g;
    }

    private Value Group(Value x) => _random.Next(11) switch
    {
        0 => Flat(x),
        1 => Reshape(Reshape(x, Pair(Size(x, 1), Size(x, 0))), Sizes(x)),
        2 => Halves(x),
        3 => _g.Add(x, _g.Node("Expand", [_g.Draw(Float, 0, 1, 1, 1), Sizes(x)])),
        4 => _g.Add(x, _g.Node("ConstantOfShape", [Sizes(x)], ("value", TensorValue.From<float>([0.5f], 1)))),
        5 => Positions(x),
        6 => Resized(x),
        7 => Squeezed(x),
        8 => ExpandAsExported(x),
        9 => Reshape(Reshape(x, Joined(Vector(Size(x, 1)), _g.Longs(-1))), _g.Longs(3, 4)),
        _ => _g.Mul(x, _g.Node("Reciprocal", [_g.Cast(Size(x, _random.Next(2)), Float)])) with { Shape = x.Shape },
    };

    /// <summary>To one axis, whose size is the product of all, and back.</summary>
    private Value Flat(Value x)
    {
        var count = _g.Node("ReduceProd", [Sizes(x)], ("keepdims", 1));
        return Reshape(_g.Tanh(Reshape(x, count)), _random.Next(2) == 0 ? Sizes(x) : Joined(Vector(Size(x, 0)), _g.Longs(-1)));
    }

    private Value Halves(Value x)
    {
        var half = Vector(_g.Node("Div", [Size(x, 1), Long(2)]));
        var left = _g.Node("Slice", [x, _g.Longs(0), half, _g.Longs(1)]);
        var right = _g.Node("Slice", [x, half, Vector(Size(x, 1)), _g.Longs(1)]);
        return _g.Node("Concat", [right, _g.Tanh(left)], ("axis", 1)) with { Shape = x.Shape };
    }

    private Value Positions(Value x)
    {
        var range = _g.Node("Range", [Long(0), Size(x, 1), Long(1)]);
        var scaled = _g.Mul(_g.Cast(range, Float), _g.Scalar(Float, 0.1));
        return _g.Add(x, _g.Node("Unsqueeze", [scaled, _g.Longs(0)]));
    }

    /// <summary>To twice the size as a picture of one channel, and back.</summary>
    private Value Resized(Value x)
    {
        var picture = Reshape(x, Joined(_g.Longs(1, 1), Sizes(x)));
        var twice = _g.Node("Mul", [Pair(Size(x, 0), Size(x, 1)), Long(2)]);
        var large = _g.Node("Resize", [picture, null, null, Joined(_g.Longs(1, 1), twice)], ("mode", "nearest"));
        var pooled = _g.Node("AveragePool", [large], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        return Reshape(pooled, Sizes(x)) with { Shape = x.Shape };
    }

    private Value Squeezed(Value x)
    {
        var unsqueezed = _g.Node("Unsqueeze", [x, _g.Longs(0)]);
        var rank = _g.Node("Shape", [_g.Shape(unsqueezed.Shaped(1, -1, -1))]).Typed(ElementType.Int64);
        var scaled = _g.Mul(unsqueezed, _g.Cast(rank, Float));
        return _g.Node("Squeeze", [scaled, _g.Longs(0)]) with { Shape = x.Shape };
    }

    /// <summary>How PyTorch's exporter writes <c>expand</c>: sizes of −1 are replaced by 1 where they are found equal.</summary>
    private Value ExpandAsExported(Value x)
    {
        var asked = Joined(_g.Longs(-1), Vector(Size(x, 1)));
        var ones = _g.Node("ConstantOfShape", [_g.Shape(asked.Shaped(2))], ("value", TensorValue.From<long>([1], 1)));
        var open = _g.Node("Equal", [asked, _g.Mul(ones, Long(-1))]).Typed(ElementType.Bool);
        return _g.Add(x, _g.Node("Expand", [_g.Draw(Float, 0, 1, 1, 1), _g.Node("Where", [open, ones, asked]).Typed(ElementType.Int64)]));
    }

    private Value Reshape(Value x, Value shape) => _g.Node("Reshape", [x, shape]) with { Shape = x.Shape };

    /// <summary>The shape of a value, or one that was read long before: all values are of one shape.</summary>
    private Value Sizes(Value x)
    {
        if (_shapes.Count == 0 || _random.Next(3) > 0) _shapes.Add(_g.Shape(x));
        return _shapes[_random.Next(_shapes.Count)];
    }

    private Value Size(Value x, long axis) => _g.Node("Gather", [Sizes(x), Long(axis)]).Typed(ElementType.Int64);

    private Value Vector(Value size) => _g.Node("Unsqueeze", [size, _g.Longs(0)]);

    private Value Pair(Value first, Value second) => Joined(Vector(first), Vector(second));

    private Value Joined(Value first, Value second) => _g.Node("Concat", [first, second], ("axis", 0));

    private Value Long(long value) => _g.Scalar(ElementType.Int64, value);

    private Value Computed(Value x) => _random.Next(2) == 0 ? _g.Tanh(x) : x;

    private Value Pick() => _values[Math.Max(0, _values.Count - 1 - _random.Next(2))];
}
