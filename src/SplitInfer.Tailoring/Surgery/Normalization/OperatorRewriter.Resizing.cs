using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <content>Operators that change the size of maps.</content>
internal sealed partial class OperatorRewriter
{
    private void Upsample(GraphProto graph, NodeProto node)
    {
        if (node.Attribute.FirstOrDefault(static a => a.Name == "scales") is { } scales)
        {
            Ops.Remove(node, "scales");
            AddInput(node, 1, Constant<float>(graph, node, "scales", ElementType.Float32, scales.Floats.ToArray(), scales.Floats.Count));
        }

        Resize(graph, node);
    }

    /// <summary>Before version 11 coordinates were divided by the scale, and rounded down where an axis grows but up where it shrinks.</summary>
    private void Resize(GraphProto graph, NodeProto node)
    {
        if (node.Input.Count < 2) throw Refusal(node, "has no scales");
        var mode = Ops.Text(node, "mode", "nearest");
        node.OpType = "Resize";
        var scales = node.Input[1];
        var nearest = mode == "nearest" ? NearestMode(graph, node, scales) : "";
        node.Input[1] = Constant<float>(graph, node, "roi", ElementType.Float32, [], 0);
        node.Input.Add(scales);
        Ops.Set(node, Ops.Attribute("mode", mode is "bilinear" ? "linear" : mode));
        Ops.Set(node, Ops.Attribute("coordinate_transformation_mode", "asymmetric"));
        if (nearest.Length > 0) Ops.Set(node, Ops.Attribute("nearest_mode", nearest));
    }

    private string NearestMode(GraphProto graph, NodeProto node, string scales)
    {
        if (FloatsOf(graph, scales) is not { } factors) throw Refusal(node, "computes its scales, and rounded up or down by them");
        var (grows, shrinks) = (factors.Any(static f => f > 1), factors.Any(static f => f < 1));
        return grows && shrinks ? throw Refusal(node, "makes one axis larger and another smaller") : shrinks ? "ceil" : "floor";
    }

    private float[]? FloatsOf(GraphProto graph, string value)
    {
        if (edit.FloatsOf(value) is { } outer) return outer;
        var constant = graph.Initializer.FirstOrDefault(i => i.Name == value) ?? graph.Node.FirstOrDefault(n => Ops.Is(n, "Constant") && n.Output.Contains(value))?.Attribute.FirstOrDefault(static a => a.Name == "value")?.T;
        if (constant is null || (ElementType)constant.DataType != ElementType.Float32) return null;
        using var tensor = TensorProtoReader.Read(constant);
        return tensor.Span<float>().ToArray();
    }
}
