using System.Collections.Immutable;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>A node of the top-level graph with all that it reads and writes. <c>If</c>, <c>Loop</c> and <c>Scan</c> are one node with their bodies.</summary>
internal sealed class GraphNode
{
    public GraphNode(NodeProto proto, int fileIndex)
    {
        (Proto, FileIndex) = (proto, fileIndex);
        Outputs = [.. proto.Output.Where(static name => name.Length > 0)];
        Uses = proto.Input.Count <= 1 && proto.Attribute.Count == 0
            ? [.. proto.Input.Where(static name => name.Length > 0)]
            : [.. proto.Input.Where(static name => name.Length > 0).Concat(Captures.Of(proto)).Distinct(StringComparer.Ordinal)];
    }

    public NodeProto Proto { get; }

    /// <summary>Its place among the nodes of the file.</summary>
    public int FileIndex { get; }

    /// <summary>Its index in the order of the graph, in which each node reads only what earlier ones wrote.</summary>
    public int Position { get; set; }

    /// <summary>The values that it reads: its inputs that are given, and what its bodies capture. Each once.</summary>
    public ImmutableArray<string> Uses { get; }

    /// <summary>The values that it writes; those that it leaves out are not listed.</summary>
    public ImmutableArray<string> Outputs { get; }

    /// <summary>Whether the node is an operator of the ONNX domain.</summary>
    public bool IsStandard => Proto.Domain is "" or "ai.onnx";

    /// <summary>Whether the node is the operator of that name of the ONNX domain.</summary>
    public bool Is(string operation) => IsStandard && Proto.OpType == operation;

    /// <summary>What to call the node in messages.</summary>
    public override string ToString() => Proto.Name.Length > 0 ? $"node '{Proto.Name}' ({Proto.OpType})" : $"node {FileIndex} ({Proto.OpType})";
}
