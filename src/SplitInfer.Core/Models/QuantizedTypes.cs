using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Finds the types to which the nodes of a graph quantise; the file states them by a zero point or an attribute.</summary>
internal sealed class QuantizedTypes
{
    private readonly ConstantTensors _constants;
    private readonly Dictionary<string, NodeProto> _quantizations;

    /// <summary>Looks at the constants and the quantisations of a graph.</summary>
    public QuantizedTypes(GraphProto graph)
    {
        _constants = new(graph);
        _quantizations = graph.Node.Where(static n => n.OpType == "QuantizeLinear" && n.Output.Count > 0)
            .DistinctBy(static n => n.Output[0]).ToDictionary(static n => n.Output[0], StringComparer.Ordinal);
    }

    /// <summary>Whether the quantised type of a node is one that engines compute in and that can cross a cut: integers of 8 bits or more.</summary>
    public bool IsFused(GraphNode node) => TypeOf(node.Proto) is ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16 or ElementType.Int32;

    private ElementType TypeOf(NodeProto node)
    {
        if (node.Input.Count > 2 && node.Input[2].Length > 0) return (ElementType)(_constants.Find(node.Input[2])?.DataType ?? 0);
        if (node.OpType != "QuantizeLinear" && _quantizations.TryGetValue(node.Input[0], out var quantization)) return TypeOf(quantization);
        return node.Attribute.FirstOrDefault(static a => a.Name == "output_dtype") is { I: > 0 } attribute && node.OpType == "QuantizeLinear" ? (ElementType)attribute.I : ElementType.UInt8;
    }
}
