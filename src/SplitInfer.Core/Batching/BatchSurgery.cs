using System.Collections.Frozen;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Batching;

/// <summary>
/// Makes the batch of a graph free that was exported for one input: the first dimension of every input and output gets a name, and constants that say 1 for
/// it say "as it comes" instead. Whether row i of a batch then is what input i yields alone has to be tried (<see cref="BatchRows.Compare"/>).
/// </summary>
internal sealed class BatchSurgery
{
    // What takes a scale over all rows, draws for all rows, or decides once for all of them. Some inputs would not show it.
    private static readonly FrozenSet<string> Common = FrozenSet.Create(StringComparer.Ordinal,
        "DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial", "If", "Loop", "Scan");

    private readonly GraphProto _graph;
    private readonly ConstantTensors _constants;
    private readonly HashSet<string> _fed;
    private readonly Lazy<Func<string, EngineValue?>> _typeOf;
    private readonly string _suffix;

    private BatchSurgery(GraphProto graph, Func<Func<string, EngineValue?>> inferTypes)
    {
        (_graph, _constants, _suffix) = (graph, new(graph), FreshNames.Suffix(graph, "/batch"));
        // What has a value in the file and may be fed is no constant.
        _fed = graph.Input.Select(static i => i.Name).ToHashSet(StringComparer.Ordinal);
        // Before anything is changed, or never.
        _typeOf = new(inferTypes);
    }

    /// <summary>Changes a graph.</summary>
    /// <param name="graph">The graph, whose nodes nobody else uses.</param>
    /// <param name="symbol">The name of the batch.</param>
    /// <param name="inferTypes">Tells of each value what is known of it in the graph as it was; called once, or not at all.</param>
    /// <returns>How many inputs there are.</returns>
    /// <exception cref="BatchRefusedException">A constant or a layer needs a batch of one.</exception>
    public static int Free(GraphProto graph, string symbol, Func<Func<string, EngineValue?>> inferTypes)
    {
        var surgery = new BatchSurgery(graph, inferTypes);
        var given = graph.Initializer.Select(static i => i.Name).ToHashSet(StringComparer.Ordinal);
        ValueInfoProto[] inputs = [.. graph.Input.Where(i => !given.Contains(i.Name))];
        foreach (var input in inputs) Check(input);
        // Types are inferred of the graph that is not changed yet.
        foreach (var node in graph.Node.ToArray()) surgery.Change(node);
        foreach (var input in inputs) input.Type.TensorType.Shape.Dim[0] = new() { DimParam = symbol };
        foreach (var output in graph.Output)
            if (output.Type?.TensorType?.Shape is { Dim.Count: > 0 } shape) shape.Dim[0] = new() { DimParam = symbol };
        // Shapes that the file states are no longer right.
        graph.ValueInfo.Clear();
        return inputs.Length;
    }

    private static void Check(ValueInfoProto input)
    {
        if (input.Type?.TensorType?.Shape is not { Dim: [var first, ..] }) throw new BatchRefusedException($"the input '{input.Name}' has no dimension for a batch");
        if (first.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue && first.DimValue != 1) throw new BatchRefusedException($"the input '{input.Name}' has {first.DimValue} rows and not one");
    }

    private void Change(NodeProto node)
    {
        if (Common.Contains(node.OpType)) throw new BatchRefusedException($"{node.OpType} '{node.Output.FirstOrDefault()}' is one for all rows");
        if (node.Domain is not ("" or "ai.onnx")) return;
        if (node.OpType == "Reshape" && IntegersOf(node, 1) is [1, ..] shape) UseFreeShape(node, shape);
        else if (node.OpType == "Resize" && IntegersOf(node, 3) is [1, ..] sizes) UseScales(node, sizes);
        else if (node.OpType == "Slice" && CutsRows(node)) throw new BatchRefusedException($"Slice '{node.Output[0]}' takes the first row only");
    }

    /// <summary>0 takes the size of what is reshaped, −1 what is left.</summary>
    private void UseFreeShape(NodeProto node, long[] shape)
    {
        if (!_fed.Contains(node.Input[0]) && _constants.Find(node.Input[0]) is not null) return;
        var rows = _typeOf.Value(node.Input[0]) is { HasShape: true, Dimensions: [var first, ..] } ? first : 1;
        if (rows is not (1 or -1) && shape.Contains(-1)) throw new BatchRefusedException($"Reshape '{node.Output[0]}' makes one row of {rows} and leaves another size open");
        shape[0] = rows is 1 or -1 && (node.Attribute.FirstOrDefault(static a => a.Name == "allowzero")?.I ?? 0) == 0 ? 0 : -1;
        node.Input[1] = Add<long>(node, "shape", shape);
    }

    private void UseScales(NodeProto node, long[] sizes)
    {
        var type = _typeOf.Value(node.Input[0]);
        float[] scales = type is { HasShape: true } && type.Dimensions.Length == sizes.Length && type.Dimensions.All(static d => d > 0) ? [.. sizes.Zip(type.Dimensions, static (to, from) => (float)to / from)] : [];
        if (scales.Length == 0 || !sizes.Zip(scales, type!.Dimensions).All(static s => (long)(s.Third * s.Second) == s.First)) throw new BatchRefusedException($"Resize '{node.Output[0]}' has the sizes of one input, which no scales express");
        node.Input[2] = Add<float>(node, "scales", scales);
        node.Input.RemoveAt(3);
    }

    private bool CutsRows(NodeProto node)
    {
        if (IntegersOf(node, 1) is not { } starts || IntegersOf(node, 2) is not { } ends) return false;
        var axes = node.Input.Count > 3 && node.Input[3].Length > 0 ? IntegersOf(node, 3) ?? [] : [.. Enumerable.Range(0, starts.Length).Select(static a => (long)a)];
        return axes.Zip(starts, ends).Any(static a => a.First == 0 && !(a.Second == 0 && a.Third > 1));
    }

    /// <summary>The elements of an input that is an int64 constant; null if it is not.</summary>
    private long[]? IntegersOf(NodeProto node, int place)
    {
        if (place >= node.Input.Count || _fed.Contains(node.Input[place]) || _constants.Find(node.Input[place]) is not { } constant || (ElementType)constant.DataType != ElementType.Int64) return null;
        if (constant.DataLocation == TensorProto.Types.DataLocation.External) return null;
        using var tensor = TensorProtoReader.Read(constant);
        return tensor.Span<long>().ToArray();
    }

    /// <summary>A new constant, made by a node, since initializers of old files have to be inputs as well.</summary>
    private string Add<T>(NodeProto node, string what, T[] elements) where T : unmanaged
    {
        var name = $"{node.Output[0]}{_suffix}/{what}";
        using var tensor = TensorValue.From<T>(elements, elements.Length);
        var value = TensorProtoWriter.Write(tensor, name);
        _graph.Node.Insert(0, new NodeProto { OpType = "Constant", Output = { name }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = value } } });
        return name;
    }
}
