using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery;

/// <content>Puts nodes into the graph, and takes them out.</content>
internal sealed partial class GraphEdit
{
    /// <summary>Puts nodes in the place of another one, which is removed; none removes it only.</summary>
    public void Replace(NodeProto node, params ReadOnlySpan<NodeProto> by)
    {
        var place = PlaceOf(node);
        Graph.Node.RemoveAt(place);
        for (var i = 0; i < by.Length; i++) Graph.Node.Insert(place + i, by[i]);
        Forget();
    }

    /// <summary>Puts nodes directly behind another one.</summary>
    public void InsertBehind(NodeProto node, params ReadOnlySpan<NodeProto> added)
    {
        var place = PlaceOf(node) + 1;
        for (var i = 0; i < added.Length; i++) Graph.Node.Insert(place + i, added[i]);
        Forget();
    }

    /// <summary>Puts nodes directly before another one.</summary>
    public void InsertBefore(NodeProto node, params ReadOnlySpan<NodeProto> added)
    {
        var place = PlaceOf(node);
        for (var i = 0; i < added.Length; i++) Graph.Node.Insert(place + i, added[i]);
        Forget();
    }

    /// <summary>Puts nodes before all others, such as what changes an input of the model.</summary>
    public void InsertFirst(params ReadOnlySpan<NodeProto> added)
    {
        for (var i = 0; i < added.Length; i++) Graph.Node.Insert(i, added[i]);
        Forget();
    }

    /// <summary>Lets whoever reads a value read another one, except for some nodes. Bodies of control flow are followed; outputs of the model keep their names.</summary>
    public void Redirect(string from, string to, params IReadOnlyCollection<NodeProto> except)
    {
        foreach (var reader in ReadersOf(from).Where(reader => !except.Any(kept => ReferenceEquals(kept, reader))).ToArray()) Renaming.Read(reader, from, to);
        Forget();
    }

    /// <summary>Removes the initializers and nodes that no output needs.</summary>
    public void RemoveUnused()
    {
        var needed = Graph.Output.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        var kept = new List<NodeProto>();
        foreach (var node in Graph.Node.Reverse().Where(node => node.Output.Any(needed.Contains)))
        {
            kept.Add(node);
            needed.UnionWith(node.Input.Concat(Captures.Of(node)));
        }

        kept.Reverse();
        // An input keeps the value that the file has for it.
        needed.UnionWith(Graph.Input.Select(static i => i.Name));
        Keep(Graph.Node, kept);
        Keep(Graph.Initializer, [.. Graph.Initializer.Where(i => needed.Contains(i.Name))]);
        Keep(Graph.ValueInfo, [.. Graph.ValueInfo.Where(v => needed.Contains(v.Name))]);
        Forget();
    }

    private static void Keep<T>(Google.Protobuf.Collections.RepeatedField<T> list, List<T> kept)
    {
        if (kept.Count == list.Count) return;
        list.Clear();
        list.AddRange(kept);
    }

    /// <summary>The place of a node by identity: messages compare by content, which takes long with tensors in them.</summary>
    private int PlaceOf(NodeProto node)
    {
        for (var place = 0; place < Graph.Node.Count; place++)
            if (ReferenceEquals(Graph.Node[place], node)) return place;
        throw new InvalidOperationException($"The graph has no such node: {node.OpType} '{node.Output.FirstOrDefault()}'.");
    }
}
