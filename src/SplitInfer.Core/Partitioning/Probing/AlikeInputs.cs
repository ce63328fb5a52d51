using System.Collections.Frozen;
using System.Runtime.InteropServices;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Shortens the inputs of nodes that take any number of them, for inferring only. What <c>Sum</c> and its like yield follows from the set of types and
/// dimensions that they read, so that of inputs that are alike one is enough; in a graph in which every node reads all earlier values, an engine
/// has a few inputs of each node to look at instead of thousands.
/// </summary>
internal sealed class AlikeInputs
{
    private const int MinInputs = 64;

    private static readonly FrozenSet<string> Broadcasting = FrozenSet.Create(StringComparer.Ordinal, "Sum", "Mean", "Max", "Min");

    private readonly Dictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    // For each kind the last node that has an input of it.
    private readonly List<int> _lastNode = [];
    private int _nodes;

    /// <summary>Says what is known of a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">What the engine says of it; null makes it alike no other.</param>
    public void Know(string name, EngineValue? value)
    {
        ref var kind = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, value is { Kind: EngineValueKind.Tensor, HasShape: true }
            ? $"{value.ElementType} {string.Join(',', value.Dimensions.Zip(value.Symbols, static (size, symbol) => $"{size}{symbol}"))}"
            : "\0" + name, out var isKnown);
        if (!isKnown)
        {
            kind = _lastNode.Count;
            _lastNode.Add(0);
        }

        _kinds[name] = kind;
    }

    /// <summary>The node with one of each kind of inputs; the node itself if it takes few, or is of another operator.</summary>
    public GraphNode Reduce(GraphNode node)
    {
        if (node.Proto.Input.Count < MinInputs || !node.IsStandard || !Broadcasting.Contains(node.Proto.OpType)) return node;
        _nodes++;
        var proto = new NodeProto { OpType = node.Proto.OpType, Domain = node.Proto.Domain, Name = node.Proto.Name, Output = { node.Proto.Output }, Attribute = { node.Proto.Attribute } };
        foreach (var input in node.Proto.Input)
        {
            // What this part computes is not known yet, and constants are not told apart.
            if (_kinds.TryGetValue(input, out var kind))
            {
                if (_lastNode[kind] == _nodes) continue;
                _lastNode[kind] = _nodes;
            }

            proto.Input.Add(input);
        }

        return new(proto, node.FileIndex) { Position = node.Position };
    }
}
