using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>Writes the nodes of a graph, and of the bodies in it, as version 13 has them.</summary>
/// <param name="edit">The model.</param>
/// <param name="from">The version that they are written in.</param>
/// <param name="types">The types of values; null where all floating-point numbers are float32.</param>
internal sealed partial class OperatorRewriter(GraphEdit edit, long from, ValueTypes? types)
{
    public void Change(GraphProto graph)
    {
        foreach (var node in graph.Node.ToArray())
        {
            foreach (var body in node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G))) Change(body);
            if (node.Domain is "" or "ai.onnx") Change(graph, node);
        }
    }

    private void Change(GraphProto graph, NodeProto node)
    {
        // What engines refuse can stand in a file all the same.
        if (!OperatorUpgrade.Unchanged.Contains(node.OpType) && (node.Input.Count == 0 || node.Output.Count == 0)) throw Refusal(node, "has no input or no output");
        switch (node.OpType)
        {
            case "BatchNormalization" when node.Output.Count(static o => o.Length > 0) > 1 || Ops.Integer(node, "spatial", 1) != 1: throw Refusal(node, "trains, or normalises by element");
            case "BatchNormalization": Ops.Remove(node, "spatial"); break;
            case "Cast" when node.Attribute.Any(static a => a.Name == "to" && a.S.Length > 0): throw Refusal(node, "names its type in words");
            case "Clip" when from < 11: Clip(graph, node); break;
            case "Dropout" when from < 12: Dropout(graph, node); break;
            case "ImageScaler": ScaleAndShift(graph, node, Ops.Float(node, "scale", 1), node.Attribute.FirstOrDefault(static a => a.Name == "bias")?.Floats.ToArray() ?? [0]); break;
            case "Affine": ScaleAndShift(graph, node, Ops.Float(node, "alpha", 1), [Ops.Float(node, "beta", 0)]); break;
            case "Crop": Crop(graph, node); break;
            case "Pad" when from < 11: MoveIntegers(graph, node, "pads"); MoveFloat(graph, node, "value", 0); break;
            case "Slice" when from < 10: Slice(graph, node); break;
            case "TopK" when from < 10: MoveInteger(graph, node, "k"); break;
            case "Squeeze" or "Unsqueeze" or "ReduceSum": MoveIntegers(graph, node, "axes"); break;
            case "Split": MoveIntegers(graph, node, "split"); break;
            case "Softmax" or "LogSoftmax" or "Hardmax": Softmax(graph, node); break;
            case "Upsample": Upsample(graph, node); break;
            case "Resize" when from < 11: Resize(graph, node); break;
            case "Scatter": node.OpType = "ScatterElements"; break;
            case "Scan" when from < 9: throw Refusal(node, "had a batch of its own before version 9");
            case "Pad" or "Slice" or "TopK" or "Clip" or "Resize" or "Scan" or "Dropout": break;
            default:
                if (!OperatorUpgrade.Unchanged.Contains(node.OpType)) throw Refusal(node, "is not known to mean the same since");
                break;
        }
    }

    private TransformationRefusedException Refusal(NodeProto node, string what) =>
        edit.Refusal("normalisation", $"{node.OpType} '{node.Output.FirstOrDefault()}' of version {from} {what}; export the model again with operators of version {OperatorUpgrade.Target} or later");

    private string Constant<T>(GraphProto graph, NodeProto node, string what, ElementType type, ReadOnlySpan<T> elements, params ReadOnlySpan<long> dimensions) where T : unmanaged
    {
        // A node of its own, since the bodies of control flow in some files cannot have initializers.
        var name = edit.Fresh($"{node.Output[0]}/{what}");
        var constant = Ops.Node("Constant", name, [], name, new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = TensorProtos.Of(name, type, elements, dimensions) });
        graph.Node.Insert(graph.Node.IndexOf(node), constant);
        return name;
    }

    /// <summary>A number of the type of the node's data.</summary>
    private string Scalar(GraphProto graph, NodeProto node, string what, float value) => (types is null ? ElementType.Float32 : types.Find(node.Input[0])?.ElementType) switch
    {
        ElementType.Float16 => Constant<Half>(graph, node, what, ElementType.Float16, [(Half)value]),
        ElementType.Float64 => Constant<double>(graph, node, what, ElementType.Float64, [value]),
        ElementType.Float32 => Constant<float>(graph, node, what, ElementType.Float32, [value]),
        _ => throw Refusal(node, "computes with a type that is not known here"),
    };

    private static void AddInput(NodeProto node, int place, string value)
    {
        while (node.Input.Count <= place) node.Input.Add("");
        node.Input[place] = value;
    }

    private void MoveIntegers(GraphProto graph, NodeProto node, string attribute)
    {
        if (Ops.Integers(node, attribute) is not { } values) return;
        Ops.Remove(node, attribute);
        AddInput(node, 1, Constant<long>(graph, node, attribute, ElementType.Int64, values, values.Length));
    }

    private void MoveInteger(GraphProto graph, NodeProto node, string attribute)
    {
        var value = Ops.Integer(node, attribute, 0);
        Ops.Remove(node, attribute);
        AddInput(node, 1, Constant<long>(graph, node, attribute, ElementType.Int64, [value], 1));
    }

    private void MoveFloat(GraphProto graph, NodeProto node, string attribute, float otherwise)
    {
        var value = Ops.Float(node, attribute, otherwise);
        Ops.Remove(node, attribute);
        // 0 is the default, and an input must be of the type of the data.
        if (value != 0) AddInput(node, 2, Scalar(graph, node, attribute, value));
    }

    private void Clip(GraphProto graph, NodeProto node)
    {
        foreach (var (place, attribute) in new[] { (1, "min"), (2, "max") })
        {
            if (node.Attribute.FirstOrDefault(a => a.Name == attribute) is not { } bound) continue;
            Ops.Remove(node, attribute);
            AddInput(node, place, Scalar(graph, node, attribute, bound.F));
        }
    }

    private void Dropout(GraphProto graph, NodeProto node)
    {
        if (node.Output.Count > 1 && IsRead(graph, node.Output[1])) throw Refusal(node, "yields its mask");
        (node.OpType, node.Domain) = ("Identity", "");
        node.Attribute.Clear();
        while (node.Input.Count > 1) node.Input.RemoveAt(1);
        while (node.Output.Count > 1) node.Output.RemoveAt(1);
    }

    /// <summary>Operators that only early versions had: a·x + b.</summary>
    private void ScaleAndShift(GraphProto graph, NodeProto node, float factor, float[] shifts)
    {
        var scale = Scalar(graph, node, "scale", factor);
        // One for all, or one for each channel of an image.
        var shift = shifts.Length == 1 ? Scalar(graph, node, "shift", shifts[0]) : Constant<float>(graph, node, "shift", ElementType.Float32, shifts, shifts.Length, 1, 1);
        var scaled = edit.Fresh($"{node.Output[0]}/scaled");
        graph.Node.Insert(graph.Node.IndexOf(node), Ops.Node("Mul", scaled, [node.Input[0], scale], scaled));
        node.OpType = "Add";
        node.Attribute.Clear();
        node.Input.Clear();
        node.Input.Add([scaled, shift]);
    }

    /// <summary>Likewise: takes a border of left, top, right and bottom off an image, or what a height and a width leave behind the first two.</summary>
    private void Crop(GraphProto graph, NodeProto node)
    {
        if (Ops.Integers(node, "border") is not [var left, var top, var right, var bottom]) throw Refusal(node, "has no border of four numbers");
        long[] ends = Ops.Integers(node, "scale") is [var height, var width] ? [top + height, left + width] : [EndOf(bottom), EndOf(right)];
        node.OpType = "Slice";
        node.Attribute.Clear();
        AddInput(node, 1, Constant<long>(graph, node, "starts", ElementType.Int64, [top, left], 2));
        AddInput(node, 2, Constant<long>(graph, node, "ends", ElementType.Int64, ends, 2));
        AddInput(node, 3, Constant<long>(graph, node, "axes", ElementType.Int64, [2, 3], 2));

        static long EndOf(long border) => border == 0 ? long.MaxValue : -border;
    }

    private void Slice(GraphProto graph, NodeProto node)
    {
        var (starts, ends) = (Ops.Integers(node, "starts") ?? [], Ops.Integers(node, "ends") ?? []);
        var axes = Ops.Integers(node, "axes");
        node.Attribute.Clear();
        AddInput(node, 1, Constant<long>(graph, node, "starts", ElementType.Int64, starts, starts.Length));
        AddInput(node, 2, Constant<long>(graph, node, "ends", ElementType.Int64, ends, ends.Length));
        if (axes is not null) AddInput(node, 3, Constant<long>(graph, node, "axes", ElementType.Int64, axes, axes.Length));
    }

    private static bool IsRead(GraphProto graph, string value) =>
        value.Length > 0 && (graph.Output.Any(o => o.Name == value) || graph.Node.Any(n => n.Input.Contains(value) || Captures.Of(n).Contains(value)));

    /// <summary>Before version 13 all dimensions from the axis on were one, by default from the second on; since then the axis is one dimension, by default the last.</summary>
    private void Softmax(GraphProto graph, NodeProto node)
    {
        var axis = Ops.Integer(node, "axis", 1);
        // All dimensions from the last on are the last.
        if (axis == -1) return;
        var (input, output) = (node.Input[0], node.Output[0]);
        var (flat, result, shape) = (edit.Fresh($"{output}/flat"), edit.Fresh($"{output}/rows"), edit.Fresh($"{output}/shape"));
        var place = graph.Node.IndexOf(node);
        graph.Node.Insert(place, Ops.Node("Shape", shape, [input], shape));
        graph.Node.Insert(place, Ops.Node("Flatten", flat, [input], flat, Ops.Attribute("axis", axis)));
        graph.Node.Insert(graph.Node.IndexOf(node) + 1, Ops.Node("Reshape", output, [result, shape], output));
        (node.Input[0], node.Output[0]) = (flat, result);
        Ops.Set(node, Ops.Attribute("axis", 1L));
    }
}
