namespace SplitInfer.Testing;

/// <summary>Operators that move elements without changing them.</summary>
public static class ShapeLayers
{
    /// <summary>Values joined along an axis.</summary>
    public static Value Concat(this GraphBuilder g, int axis, params ReadOnlySpan<Value> values)
    {
        long[] shape = [.. values[0].Shape];
        foreach (var other in values[1..]) shape[axis] += other.Shape[axis];
        return g.Node("Concat", values!, ("axis", axis)).Shaped(shape);
    }

    /// <summary>Equal parts of a value along an axis.</summary>
    public static Value[] Split(this GraphBuilder g, Value x, int axis, int parts)
    {
        long[] shape = [.. x.Shape];
        shape[axis] = x.Size(axis) / parts;
        long[] sizes = new long[parts];
        Array.Fill(sizes, shape[axis]);
        return [.. g.Nodes("", "Split", [x, g.Longs(sizes)], parts, ("axis", axis)).Select(part => part.Shaped(shape))];
    }

    /// <summary>The elements in another shape: 0 keeps a size, −1 takes what is left.</summary>
    public static Value Reshape(this GraphBuilder g, Value x, params ReadOnlySpan<long> shape) =>
        g.Node("Reshape", [x, g.Longs(shape)]).Shaped([.. shape.ToArray().Select((size, axis) => size == 0 ? x.Shape[axis] : size)]);

    /// <summary>The axes in another order.</summary>
    public static Value Transpose(this GraphBuilder g, Value x, params ReadOnlySpan<long> order) =>
        g.Node("Transpose", [x], ("perm", order.ToArray())).Shaped([.. order.ToArray().Select(axis => x.Shape[(int)axis])]);

    /// <summary>All axes after the first as one.</summary>
    public static Value Flatten(this GraphBuilder g, Value x) =>
        g.Node("Flatten", [x]).Shaped(x.Shape[0], Enumerable.Range(1, x.Shape.Length - 1).Aggregate(1L, (size, axis) => size * x.Size(axis)));

    /// <summary>The shape itself, as a value.</summary>
    public static Value Shape(this GraphBuilder g, Value x) => g.Node("Shape", [x]).Typed(Tensors.ElementType.Int64).Shaped(x.Shape.Length);
}
