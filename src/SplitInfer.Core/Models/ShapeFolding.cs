using System.Collections.Immutable;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// Replaces by constants the results of nodes that depend only on known shapes: <c>Shape</c>, <c>Size</c>, and the parts of a <c>Shape</c> that
/// <c>Gather</c> and <c>Slice</c> take. What follows from these is then constant too, belongs to both sides and never crosses.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="shapeOf">The dimensions of a value, −1 for each that is unknown; default where the rank is unknown.</param>
internal sealed class ShapeFolding(ModelGraph graph, Func<string, ImmutableArray<long>> shapeOf)
{
    // For each value that a Shape node writes, the dimensions that it tells; −1 where they are unknown.
    private readonly Dictionary<string, ImmutableArray<long>> _told = new(StringComparer.Ordinal);
    private readonly ConstantTensors _constants = new(graph.Model.Graph);

    /// <summary>The same graph with constants in place of such results; the graph itself if there are none.</summary>
    public static ModelGraph Apply(ModelGraph graph, Func<string, ImmutableArray<long>> shapeOf)
    {
        var folding = new ShapeFolding(graph, shapeOf);
        var folded = graph.Nodes.Select(node => (node.Proto, Constant: folding.Fold(node))).Where(static n => n.Constant is not null).ToDictionary(static n => n.Proto, static n => n.Constant!);
        return folded.Count == 0 ? graph : graph.With(graph.Model.Graph.Node.Select(node => folded.GetValueOrDefault(node) ?? node));
    }

    private NodeProto? Fold(GraphNode node)
    {
        if (!node.IsStandard || node.Outputs.Length != 1 || node.Proto.Input.Count == 0) return null;
        var tensor = node.Proto.OpType switch
        {
            "Shape" => OfShape(node),
            "Size" => shapeOf(node.Proto.Input[0]) is { IsDefault: false } shape && !shape.Contains(-1) ? Scalar(shape.Aggregate(1L, static (product, size) => product * size)) : null,
            "Gather" => OfGather(node),
            "Slice" => OfSlice(node),
            _ => null,
        };
        if (tensor is null) return null;
        return new() { OpType = "Constant", Name = node.Proto.Name, Output = { node.Outputs[0] }, Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor } } };
    }

    private TensorProto? OfShape(GraphNode node)
    {
        if (shapeOf(node.Proto.Input[0]) is not { IsDefault: false } shape) return null;
        var start = Clamp(Attribute(node, "start") ?? 0, shape.Length);
        var end = Clamp(Attribute(node, "end") ?? shape.Length, shape.Length);
        return Tell(node, [.. shape.Skip(start).Take(Math.Max(0, end - start))]);
    }

    private TensorProto? OfGather(GraphNode node)
    {
        if (!_told.TryGetValue(node.Proto.Input[0], out var told) || Attribute(node, "axis") is not (null or 0 or -1)) return null;
        if (node.Proto.Input.Count < 2 || Integers(node.Proto.Input[1], out var rank) is not { } places || rank > 1) return null;
        if (places.Any(place => place < -told.Length || place >= told.Length)) return null;
        ImmutableArray<long> gathered = [.. places.Select(place => told[(int)(place < 0 ? place + told.Length : place)])];
        if (rank == 1) return Tell(node, gathered);
        return gathered is [>= 0 and var size] ? Scalar(size) : null;
    }

    private TensorProto? OfSlice(GraphNode node)
    {
        var inputs = node.Proto.Input;
        if (!_told.TryGetValue(inputs[0], out var told) || inputs.Count is < 3 or > 5) return null;
        if (Integers(inputs[1], out _) is not [var start] || Integers(inputs[2], out _) is not [var end]) return null;
        if (inputs.Count > 3 && inputs[3].Length > 0 && Integers(inputs[3], out _) is not [0 or -1]) return null;
        if (inputs.Count > 4 && inputs[4].Length > 0 && Integers(inputs[4], out _) is not [1]) return null;
        var (first, last) = (Clamp(start, told.Length), Clamp(end, told.Length));
        return Tell(node, [.. told.Skip(first).Take(Math.Max(0, last - first))]);
    }

    /// <summary>Records the dimensions that a value has; returns a tensor if all of them are known.</summary>
    private TensorProto? Tell(GraphNode node, ImmutableArray<long> dimensions)
    {
        _told[node.Outputs[0]] = dimensions;
        if (dimensions.Contains(-1)) return null;
        using var tensor = TensorValue.From<long>(dimensions.AsSpan(), dimensions.Length);
        return TensorProtoWriter.Write(tensor, "");
    }

    private static TensorProto Scalar(long number)
    {
        using var tensor = TensorValue.From<long>([number], []);
        return TensorProtoWriter.Write(tensor, "");
    }

    /// <summary>The elements of a constant of whole numbers; null if it is not known to be one.</summary>
    private ImmutableArray<long>? Integers(string value, out int rank)
    {
        rank = 0;
        if (!graph.IsConstant(value) || _constants.Find(value) is not { } proto) return null;
        if ((ElementType)proto.DataType is not (ElementType.Int64 or ElementType.Int32) || proto.DataLocation == TensorProto.Types.DataLocation.External) return null;
        rank = proto.Dims.Count;
        try
        {
            using var tensor = TensorProtoReader.Read(proto);
            return tensor.ElementType == ElementType.Int64
                ? [.. tensor.Span<long>()]
                : [.. tensor.Span<int>().ToArray().Select(static i => (long)i)];
        }
        catch (InvalidTensorException)
        {
            return null;
        }
    }

    private static int Clamp(long place, int length) => (int)Math.Clamp(place < 0 ? place + length : place, 0, length);

    private static long? Attribute(GraphNode node, string name) => node.Proto.Attribute.FirstOrDefault(a => a.Name == name)?.I;
}
