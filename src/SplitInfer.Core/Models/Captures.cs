using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>What the bodies of a node read from the graphs around them.</summary>
internal static class Captures
{
    /// <summary>The names that the bodies of <paramref name="node"/> use and do not define, in the order of their first use; a name may occur again.</summary>
    public static IEnumerable<string> Of(NodeProto node) =>
        node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)).SelectMany(Of);

    private static IEnumerable<string> Of(GraphProto body)
    {
        // A body gives each name one meaning, so a name that it defines anywhere is its own everywhere.
        var own = new HashSet<string>(StringComparer.Ordinal);
        own.UnionWith(body.Input.Select(static i => i.Name));
        own.UnionWith(body.Initializer.Select(static i => i.Name));
        own.UnionWith(body.SparseInitializer.Select(static i => i.Values?.Name ?? ""));
        own.UnionWith(body.Node.SelectMany(static n => n.Output));
        return body.Node.SelectMany(static n => n.Input.Concat(Of(n)))
            .Concat(body.Output.Select(static o => o.Name))
            .Where(name => name.Length > 0 && !own.Contains(name));
    }
}
