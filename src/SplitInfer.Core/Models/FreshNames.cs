using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>Makes names that a file cannot have used already.</summary>
internal static class FreshNames
{
    /// <summary>The wanted end of a name, or one like it that is nowhere in a name of the file, bodies included.</summary>
    public static string Suffix(GraphProto graph, string wanted)
    {
        while (Names(graph).Any(name => name.Contains(wanted, StringComparison.Ordinal))) wanted += '\'';
        return wanted;
    }

    private static IEnumerable<string> Names(GraphProto graph) =>
        graph.Input.Select(static i => i.Name).Concat(graph.Initializer.Select(static i => i.Name)).Concat(graph.SparseInitializer.Select(static i => i.Values?.Name ?? ""))
            .Concat(graph.Node.SelectMany(static n => n.Output.Concat(n.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)).SelectMany(Names))));
}
