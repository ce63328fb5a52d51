using System.Collections.Frozen;
using System.Collections.Immutable;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// What is known of <c>QuantizeLinear</c> and <c>DequantizeLinear</c>. An engine runs an operator between the two in integers, so that its
/// result depends on whether both are in sight: a cut between an operator and the quantisation of what it yields can change the result by
/// whole quantisation steps.
/// </summary>
internal sealed class Quantization
{
    private const string Quantize = "QuantizeLinear", Dequantize = "DequantizeLinear";

    /// <summary>Operators that only move values, which engines swap with a quantisation or dequantisation next to them.</summary>
    private static readonly FrozenSet<string> Movers = FrozenSet.Create(StringComparer.Ordinal,
        "MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "Gather", "Concat", "Split", "Resize", "DepthToSpace", "SpaceToDepth", "Pad", "Expand");

    /// <summary>Operators that engines fuse with the preceding ones, so that the rounding of a quantisation can differ.</summary>
    private static readonly FrozenSet<string> Followers = FrozenSet.Create(StringComparer.Ordinal,
        "Relu", "Clip", "Add", "Sub", "Mul", "Div", "Sum", "Sigmoid", "Tanh", "LeakyRelu", "PRelu", "Elu", "Gelu", "HardSigmoid", "HardSwish");

    // The last compute node that leads what a value holds to its quantisation.
    private readonly Dictionary<string, int> _quantizedAt = new(StringComparer.Ordinal);
    private readonly HashSet<string> _dequantized = new(StringComparer.Ordinal);

    // Values that are quantised twice over, with unlike scales, which engines make one quantisation of.
    private readonly HashSet<string> _doubled = new(StringComparer.Ordinal);

    /// <summary>Looks at the compute nodes of a graph.</summary>
    public Quantization(ModelGraph graph)
    {
        var types = new QuantizedTypes(graph.Model.Graph);
        for (var index = graph.Nodes.Length - 1; index >= 0; index--)
        {
            var node = graph.Nodes[index];
            if (node.Is(Quantize) && types.IsFused(node)) _quantizedAt.TryAdd(node.Uses[0], index);
            else if (Leads(node) && node.Outputs.Any(_quantizedAt.ContainsKey))
                foreach (var use in node.Uses) _quantizedAt.TryAdd(use, index);
        }

        FindDoubled(graph);
        _dequantized.UnionWith(graph.SharedNodes.Concat(graph.Nodes).Where(n => n.Is(Dequantize) && types.IsFused(n)).SelectMany(static n => n.Outputs));
        foreach (var node in graph.Nodes)
            if (node.IsStandard && Movers.Contains(node.Proto.OpType) && node.Uses.Any(_dequantized.Contains)) _dequantized.UnionWith(node.Outputs);
    }

    /// <summary>Why a value that crosses the cut of partition <paramref name="k"/> would not mean the same as in the whole; null if it would.</summary>
    public string? NotTransferableReason(GraphValue value, int k) =>
        value.Producer == GraphValue.Fed ? null
        : _quantizedAt.TryGetValue(value.Name, out var at) && at >= k ? "is about to be quantised, which an engine does in one step with what comes before"
        : _doubled.Contains(value.Name) ? "is quantised twice with different scales, of which an engine makes one"
        : _dequantized.Contains(value.Name) ? "was dequantised, which an engine does in one step with what comes next"
        : null;

    /// <summary>Whether a node dequantises with a constant scale, so that it can be repeated on either side of a cut.</summary>
    public static bool IsDequantization(GraphNode node, QuantizedTypes types, IReadOnlySet<string> constants) =>
        node.Is(Dequantize) && node.Outputs.Length == 1 && IsOfConstants(node, constants) && types.IsFused(node);

    /// <summary>The same nodes with every quantisation directly behind the node whose output it quantises, so that as few cuts as possible are between them.</summary>
    public static ImmutableArray<GraphNode> BehindProducers(ImmutableArray<GraphNode> nodes, IReadOnlySet<string> constants)
    {
        var written = nodes.SelectMany(static n => n.Outputs).ToHashSet(StringComparer.Ordinal);
        var quantizations = nodes.Where(n => n.Is(Quantize) && IsOfConstants(n, constants) && written.Contains(n.Uses[0])).ToLookup(static n => n.Uses[0], StringComparer.Ordinal);
        if (quantizations.Count == 0) return nodes;
        // What a quantisation yields is never quantised again in a valid model; where it is, the second stays where it was.
        var moved = quantizations.SelectMany(static n => n).ToHashSet();
        var behindMoved = moved.SelectMany(static n => n.Outputs).ToHashSet(StringComparer.Ordinal);
        moved.RemoveWhere(n => behindMoved.Contains(n.Uses[0]));
        var ordered = ImmutableArray.CreateBuilder<GraphNode>(nodes.Length);
        foreach (var node in nodes)
        {
            if (moved.Contains(node)) continue;
            ordered.Add(node);
            ordered.AddRange(node.Outputs.SelectMany(output => quantizations[output]).Where(moved.Contains));
        }

        return ordered.ToImmutable();
    }

    private void FindDoubled(ModelGraph graph)
    {
        var constants = new ConstantTensors(graph.Model.Graph);
        // For each dequantised value, moved or not, the node that dequantised it.
        var origins = graph.SharedNodes.Concat(graph.Nodes).Where(static n => n.Is(Dequantize)).ToDictionary(static n => n.Outputs[0], StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            if (node.Uses.IsEmpty || !origins.TryGetValue(node.Uses[0], out var origin)) continue;
            if (node.Is(Quantize) && !(IsAlike(1) && IsAlike(2))) _doubled.UnionWith([origin.Uses[0], node.Outputs[0]]);
            else if (node.IsStandard && Movers.Contains(node.Proto.OpType))
                foreach (var output in node.Outputs) origins[output] = origin;

            bool IsAlike(int input)
            {
                var (left, right) = (InputOf(origin.Proto, input), InputOf(node.Proto, input));
                if (left == right) return true;
                return constants.Find(left) is { } x && constants.Find(right) is { } y && x.DataType == y.DataType && x.RawData == y.RawData && x.FloatData.Equals(y.FloatData) && x.Int32Data.Equals(y.Int32Data);
            }
        }
    }

    private static string InputOf(NodeProto node, int place) => node.Input.Count > place ? node.Input[place] : "";

    private static bool Leads(GraphNode node) => node.IsStandard && (Followers.Contains(node.Proto.OpType) || Movers.Contains(node.Proto.OpType));

    private static bool IsOfConstants(GraphNode node, IReadOnlySet<string> constants) =>
        !constants.Contains(node.Uses[0]) && node.Uses.Skip(1).All(constants.Contains) && node.Proto.Input[0] == node.Uses[0];
}
