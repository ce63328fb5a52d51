using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>Says why a model has no product that could be in integers, where a reason shows.</summary>
internal static class MissingProducts
{
    private static readonly string[] Products = ["Conv", "Gemm", "MatMul", "LSTM"];

    /// <summary>The reason and what to do, to be put behind what is missing; empty where none shows.</summary>
    public static string Describe(GraphEdit edit)
    {
        if (edit.Graph.Node.Any(node => IsProduct(node) && node.Input.Skip(1).Any(input => edit.ConstantOf(input) is { DataType: (int)ElementType.Float16 or (int)ElementType.BFloat16 })))
            return "; its weights are in 16 bits, so give the float32 model that it was made of";
        return edit.Graph.Node.SelectMany(Bodies).SelectMany(All).Any(IsProduct)
            ? "; those inside If, Loop or Scan stay as they are, so export the model without control flow, such as for one sampling rate"
            : "";
    }

    private static bool IsProduct(NodeProto node) => Ops.IsOneOf(node, Products);

    private static IEnumerable<NodeProto> All(GraphProto graph) => graph.Node.Concat(graph.Node.SelectMany(Bodies).SelectMany(All));

    private static IEnumerable<GraphProto> Bodies(NodeProto node) => node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G));
}
