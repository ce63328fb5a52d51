using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Which nodes compute in integers. Products with constant weights do unless they are kept in float; what lies between them does where all that it reads comes
/// from integers and what it yields goes to such a product, so that no value is quantised for its own sake.
/// </summary>
internal sealed class QuantizedOperations
{
    // Messages compare by content, which changes while nodes are rewritten.
    private static readonly IEqualityComparer<NodeProto> ByIdentity = ReferenceEqualityComparer.Instance;

    private readonly GraphEdit _edit;
    private readonly HashSet<NodeProto> _nodes;

    private QuantizedOperations(GraphEdit edit, HashSet<NodeProto> nodes) => (_edit, _nodes) = (edit, nodes);

    /// <summary>The nodes, in order.</summary>
    public IEnumerable<NodeProto> Nodes => _edit.Graph.Node.Where(_nodes.Contains);

    /// <summary>Whether a node computes in integers.</summary>
    public bool Has(NodeProto node) => _nodes.Contains(node);

    /// <summary>Finds the nodes.</summary>
    /// <param name="edit">The model.</param>
    /// <param name="isKept">Whether a product is kept in float.</param>
    /// <param name="statistics">What values are; only float32 tensors with a range become integers.</param>
    public static QuantizedOperations Of(GraphEdit edit, Func<NodeProto, bool> isKept, SampleStatistics statistics)
    {
        var nodes = edit.Graph.Node.Where(n => IsQuantizable(edit, n, statistics) && !isKept(n)).ToHashSet(ByIdentity);
        var between = edit.Graph.Node.Where(n => IsBetween(n) && Activations(edit, n).All(value => HasRange(statistics, value)) && !isKept(n)).ToHashSet(ByIdentity);
        // From the front: what integers reach.
        var reached = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in edit.Graph.Node)
            if (nodes.Contains(node) || (between.Contains(node) && Activations(edit, node).All(reached.Contains))) reached.Add(Result(edit, node));
        between.RemoveWhere(n => !Activations(edit, n).All(reached.Contains));
        // From the back: what leads to a product.
        foreach (var node in edit.Graph.Node.Reverse())
            if (between.Contains(node) && edit.ReadersOf(Result(edit, node)).Any(nodes.Contains)) nodes.Add(node);
        return new(edit, nodes);
    }

    /// <summary>Whether a node multiplies with constant weights: convolutions, <c>Gemm</c> and <c>MatMul</c>.</summary>
    public static bool IsProduct(GraphEdit edit, NodeProto node)
    {
        if (!Ops.IsOneOf(node, "Conv", "Gemm", "MatMul") || node.Input.Count < 2 || edit.ConstantOf(node.Input[1]) is not { } weights || (ElementType)weights.DataType != ElementType.Float32 || weights.Dims.Contains(0)) return false;
        if (Ops.Input(node, 2) is { Length: > 0 } bias && edit.FloatsOf(bias) is null) return false;
        return node.OpType switch
        {
            "Conv" => weights.Dims.Count >= 3,
            "Gemm" => Ops.Integer(node, "transA", 0) == 0 && Ops.Float(node, "alpha", 1) == 1 && Ops.Float(node, "beta", 1) == 1 && IsRowBias(edit, node, weights),
            _ => weights.Dims.Count == 2,
        };
    }

    /// <summary>Whether a node is such a product, and the ranges that it takes are known: of what it reads and, for a convolution, which yields integers too, of its result.</summary>
    public static bool IsQuantizable(GraphEdit edit, NodeProto node, SampleStatistics statistics) =>
        IsProduct(edit, node) && HasRange(statistics, node.Input[0]) && (!Ops.Is(node, "Conv") || HasRange(statistics, Result(edit, node)));

    /// <summary>The activations that a node reads.</summary>
    public static IEnumerable<string> Activations(GraphEdit edit, NodeProto node) =>
        Ops.Is(node, "Concat") || Ops.IsOneOf(node, "Add", "Mul") ? node.Input : node.Input.Take(1);

    /// <summary>The value that a node yields once the clipping behind it, which an engine takes into the quantisation, is done.</summary>
    public static string Result(GraphEdit edit, NodeProto node)
    {
        var value = node.Output[0];
        while (edit.HasOneReader(value, out var reader) && IsClipping(edit, reader)) value = reader.Output[0];
        return value;
    }

    /// <summary>Whether a node only moves or selects elements, so that its result has the scale of what it reads.</summary>
    public static bool IsMover(NodeProto node) => Ops.IsOneOf(node, "MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze");

    private static bool HasRange(SampleStatistics statistics, string value) => statistics.Find(value) is { HasRange: true };

    private static bool IsBetween(NodeProto node) => node.Output.Count == 1
        && (IsMover(node) || Ops.IsOneOf(node, "Concat", "Add", "Mul", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid"));

    private static bool IsClipping(GraphEdit edit, NodeProto node) =>
        Ops.Is(node, "Relu") || (Ops.Is(node, "Clip") && edit.FloatsOf(Ops.Input(node, 1)) is [0] && (Ops.Input(node, 2).Length == 0 || edit.FloatsOf(node.Input[2]) is [> 0]));

    private static bool IsRowBias(GraphEdit edit, NodeProto node, TensorProto weights)
    {
        if (Ops.Input(node, 2) is not { Length: > 0 } bias) return true;
        var columns = weights.Dims[Ops.Integer(node, "transB", 0) != 0 ? 0 : 1];
        return edit.ConstantOf(bias) is { Dims: [var only] } && only == columns || edit.ConstantOf(bias) is { Dims: [1, var row] } && row == columns;
    }
}
