using System.Collections.Frozen;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Float16;

/// <summary>Chooses the nodes that compute in float16.</summary>
internal static class HalfOperations
{
    private static readonly FrozenSet<string> Suitable = FrozenSet.Create(StringComparer.Ordinal,
        "Abs", "Add", "Clip", "Concat", "Conv", "ConvTranspose", "DepthToSpace", "Expand", "Flatten", "Gather", "Gemm", "Identity", "LeakyRelu", "MatMul", "Max", "MaxPool", "Min", "Mul", "Neg", "PRelu",
        "Pad", "Relu", "Reshape", "Sigmoid", "Slice", "SpaceToDepth", "Split", "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where");

    private static readonly FrozenSet<string> Moving = FrozenSet.Create(StringComparer.Ordinal,
        "DepthToSpace", "Expand", "Flatten", "Identity", "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze");

    /// <summary>What an exponential or a long sum follows on: its scores are not rounded, and do not overflow.</summary>
    private static readonly FrozenSet<string> Sensitive = FrozenSet.Create(StringComparer.Ordinal,
        "Softmax", "LogSoftmax", "Exp", "ReduceSum", "ReduceSumSquare", "ReduceL2", "ReduceMean", "LayerNormalization", "Pow");

    private static readonly FrozenSet<string> Passing = FrozenSet.Create(StringComparer.Ordinal, "Add", "Sub", "Mul", "Where", "Reshape", "Transpose");

    // A constant of this many elements is a parameter of the operation, such as a bound or an epsilon, and not weights.
    private const int MostParameters = 16;

    /// <summary>The nodes.</summary>
    public static IReadOnlySet<NodeProto> Of(GraphEdit edit, ValueTypes types)
    {
        var scores = Scores(edit);
        var halves = new HashSet<NodeProto>((IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance);
        foreach (var node in edit.Graph.Node)
        {
            if (node.Domain is not ("" or "ai.onnx") || !Suitable.Contains(node.OpType) || scores.Contains(node) || !node.Output.Any(o => types.Is(o, ElementType.Float32)) || HasDelicateParameter(edit, node)) continue;
            // What only moves elements of float32 would move them in float32 as well as in float16.
            if (!Moving.Contains(node.OpType) || (edit.ProducerOf(node.Input[0]) is { } producer && halves.Contains(producer))) halves.Add(node);
        }

        return halves;
    }

    /// <summary>Products of two activations that lead to what is sensitive, and all between them.</summary>
    private static HashSet<NodeProto> Scores(GraphEdit edit)
    {
        var scores = new HashSet<NodeProto>((IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance);
        foreach (var node in edit.Graph.Node.Reverse())
        {
            var passes = node.Domain is "" or "ai.onnx" && (Passing.Contains(node.OpType) || (Ops.Is(node, "MatMul") && node.Input.All(i => edit.ConstantOf(i) is null)));
            if (passes && node.Output.SelectMany(edit.ReadersOf).Any(reader => scores.Contains(reader) ? !Ops.Is(reader, "MatMul") : reader.Domain is "" or "ai.onnx" && Sensitive.Contains(reader.OpType))) scores.Add(node);
        }

        return scores;
    }

    private static bool HasDelicateParameter(GraphEdit edit, NodeProto node) =>
        node.Input.Select(edit.ConstantOf).Any(static c => c is not null && (ElementType)c.DataType == ElementType.Float32 && TensorProtos.ByteSize(c) <= MostParameters * sizeof(float) && !HalfConstants.Holds(c));
}
