using SplitInfer.Models.Onnx;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>
/// An oracle for boundaries: looks at nothing but the edges of the file, follows every path from every value, and shares no code with
/// the product. Slow, for small graphs without bodies.
/// </summary>
internal sealed class Reachability(GraphProto graph)
{
    /// <summary>Whether a value depends on an input, and so differs from request to request. What a shape says is taken not to, which holds where the sizes of all inputs are fixed.</summary>
    public bool IsVariable(string value) =>
        graph.Input.Any(i => i.Name == value) || graph.Node.Any(n => n.Output.Contains(value) && IsVariable(n));

    private bool IsVariable(NodeProto node) => node.OpType != "Shape" && node.Input.Any(IsVariable);

    /// <summary>Whether a shape may differ from request to request and something depends on it, which this oracle does not follow.</summary>
    public bool IsBeyond => graph.Node.Any(static n => n.OpType == "Shape") && graph.Input.Any(static i => i.Type.TensorType.Shape.Dim.Any(static d => !d.HasDimValue));

    /// <summary>Whether some path leads from a value to an output of the graph, through nodes that <paramref name="mayPass"/> allows only.</summary>
    public bool ReachesOutput(string value, Func<NodeProto, bool> mayPass) =>
        graph.Node.Any(n => n.Input.Contains(value) && mayPass(n) && n.Output.Any(o => graph.Output.Any(g => g.Name == o) || ReachesOutput(o, mayPass)));

    /// <summary>The values that must cross where <paramref name="head"/> runs on the device: present there, variable, and read behind it on a way to an output.</summary>
    public IEnumerable<string> MustCross(IReadOnlySet<string> head) =>
        graph.Input.Select(static i => i.Name).Concat(graph.Node.Where(n => IsHead(n, head)).SelectMany(static n => n.Output))
            .Where(value => IsVariable(value) && ReachesOutput(value, n => IsVariable(n) && !IsHead(n, head)));

    /// <summary>The nodes that vary and that an output needs: those that cuts count.</summary>
    public IEnumerable<NodeProto> ComputeNodes() =>
        graph.Node.Where(n => IsVariable(n) && n.Output.Any(o => graph.Output.Any(g => g.Name == o) || ReachesOutput(o, static _ => true)));

    private static bool IsHead(NodeProto node, IReadOnlySet<string> head) => head.Contains(node.Output[0]);
}
