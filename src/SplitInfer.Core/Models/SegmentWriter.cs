using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// Writes a part of a model as a model of its own: some nodes, the shared nodes and constants that they need, and all that the file says about
/// the values in it. Messages are shared with the model that was read, so that a part costs no copy of its weights until it is serialised.
/// </summary>
internal static class SegmentWriter
{
    /// <summary>A model of some compute nodes.</summary>
    /// <param name="graph">The whole.</param>
    /// <param name="nodes">The compute nodes, in order.</param>
    /// <param name="inputs">The values that they read and do not write.</param>
    /// <param name="outputs">What the part yields; may name what shared nodes write. Those without a type get that which only the file can tell.</param>
    public static ModelProto Write(
        ModelGraph graph, IReadOnlyList<GraphNode> nodes, IEnumerable<ValueInfoProto> inputs, IEnumerable<ValueInfoProto> outputs)
    {
        var model = graph.Model.Shell.Clone();
        var part = model.Graph;
        part.Input.Add(inputs);
        part.Output.Add(outputs);
        foreach (var output in part.Output) output.Type ??= graph.DeclaredTypes.GetValueOrDefault(output.Name);

        var used = nodes.SelectMany(static n => n.Uses).Concat(part.Output.Select(static o => o.Name)).ToHashSet(StringComparer.Ordinal);
        var present = used.Concat(nodes.SelectMany(static n => n.Outputs)).ToHashSet(StringComparer.Ordinal);
        var shared = AddShared(graph, used, present);
        part.Node.Add(shared.Concat(nodes).OrderBy(static n => n.Position).Select(static n => n.Proto));
        part.Initializer.Add(graph.Model.Graph.Initializer.Where(i => used.Contains(i.Name) && graph.IsConstant(i.Name)));
        part.SparseInitializer.Add(graph.Model.Graph.SparseInitializer.Where(i => used.Contains(i.Values.Name)));
        part.QuantizationAnnotation.Add(graph.Model.Graph.QuantizationAnnotation.Where(a => present.Contains(a.TensorName)));
        var ends = part.Input.Concat(part.Output).Select(static v => v.Name).ToHashSet(StringComparer.Ordinal);
        part.ValueInfo.Add(graph.Model.Graph.ValueInfo.Where(v => present.Contains(v.Name) && ends.Add(v.Name)));
        part.ValueInfo.Add(graph.DeclaredTypes.Where(d => present.Contains(d.Key) && !ends.Contains(d.Key)).Select(static d => new ValueInfoProto { Name = d.Key, Type = d.Value }));
        return model;
    }

    /// <summary>The shared nodes that compute what is used. Adds what those use, and the scales that annotations name, to <paramref name="used"/>.</summary>
    private static HashSet<GraphNode> AddShared(ModelGraph graph, HashSet<string> used, HashSet<string> present)
    {
        // An annotation may be of a constant, so constants are found first, then the scales that annotations name, which are constants too.
        Collect(graph, used, present);
        foreach (var annotation in graph.Model.Graph.QuantizationAnnotation.Where(a => present.Contains(a.TensorName)))
            used.UnionWith(annotation.QuantParameterTensorNames.Select(static p => p.Value).Where(graph.IsConstant));
        return Collect(graph, used, present);
    }

    private static HashSet<GraphNode> Collect(ModelGraph graph, HashSet<string> used, HashSet<string> present)
    {
        var nodes = new HashSet<GraphNode>();
        foreach (var node in graph.SharedNodes.Reverse())
        {
            if (!node.Outputs.Any(used.Contains)) continue;
            used.UnionWith(node.Uses);
            present.UnionWith(node.Outputs);
            nodes.Add(node);
        }

        present.UnionWith(used);
        return nodes;
    }
}
