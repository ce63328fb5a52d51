using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>Puts nodes in an order in which each reads only what earlier ones wrote: that of the file where it is such an order.</summary>
internal static class NodeOrder
{
    /// <summary>The nodes of a graph in order. The same file gives the same order on every machine.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="source">What to call the model in messages.</param>
    /// <exception cref="ModelFormatException">A value has no origin or two, or nodes wait for each other.</exception>
    public static GraphNode[] Of(GraphProto graph, string source)
    {
        var nodes = graph.Node.Select(static (proto, index) => new GraphNode(proto, index)).ToArray();
        var origins = Origins(graph, nodes, source);
        var isOrdered = true;
        foreach (var node in nodes) isOrdered &= CheckUses(node, origins, source);
        foreach (var output in graph.Output)
            if (!origins.ContainsKey(output.Name)) throw Invalid(source, $"nothing yields the graph's output '{output.Name}'");
        return isOrdered ? nodes : Sort(nodes, origins, source);
    }

    /// <summary>For each value the node that writes it; null for inputs and initializers.</summary>
    private static Dictionary<string, GraphNode?> Origins(GraphProto graph, GraphNode[] nodes, string source)
    {
        var origins = new Dictionary<string, GraphNode?>(StringComparer.Ordinal);
        foreach (var input in graph.Input.Select(static i => i.Name))
            if (input.Length == 0 || !origins.TryAdd(input, null)) throw Invalid(source, input.Length == 0 ? "an input of the graph has no name" : $"two inputs of the graph are named '{input}'");
        var constants = new HashSet<string>(StringComparer.Ordinal);
        foreach (var constant in graph.Initializer.Select(static i => i.Name).Concat(graph.SparseInitializer.Select(static i => i.Values?.Name ?? "")))
        {
            if (constant.Length == 0 || !constants.Add(constant)) throw Invalid(source, constant.Length == 0 ? "an initializer has no name" : $"two initializers are named '{constant}'");
            // Before version 4 of the format every initializer is an input as well.
            origins.TryAdd(constant, null);
        }

        foreach (var node in nodes)
        {
            if (node.Proto.OpType.Length == 0) throw Invalid(source, $"{node} names no operator");
            foreach (var output in node.Outputs)
                if (!origins.TryAdd(output, node)) throw Invalid(source, $"{node} writes '{output}', which {Describe(origins[output])} as well");
        }

        return origins;
    }

    /// <summary>Checks that everything a node reads is there.</summary>
    /// <returns>Whether all of it is written by earlier nodes of the file.</returns>
    private static bool CheckUses(GraphNode node, Dictionary<string, GraphNode?> origins, string source)
    {
        var isOrdered = true;
        foreach (var use in node.Uses)
        {
            if (!origins.TryGetValue(use, out var origin)) throw Invalid(source, $"{node} reads '{use}', which nothing yields");
            isOrdered &= origin is null || origin.FileIndex < node.FileIndex;
        }

        return isOrdered;
    }

    private static GraphNode[] Sort(GraphNode[] nodes, Dictionary<string, GraphNode?> origins, string source)
    {
        var waitsFor = new int[nodes.Length];
        var readers = new List<int>[nodes.Length];
        foreach (var node in nodes)
        {
            foreach (var origin in node.Uses.Select(use => origins[use]).OfType<GraphNode>().Distinct())
            {
                (readers[origin.FileIndex] ??= []).Add(node.FileIndex);
                waitsFor[node.FileIndex]++;
            }
        }

        var ready = new PriorityQueue<int, int>(nodes.Where(n => waitsFor[n.FileIndex] == 0).Select(static n => (n.FileIndex, n.FileIndex)));
        var sorted = new List<GraphNode>(nodes.Length);
        while (ready.TryDequeue(out var next, out _))
        {
            sorted.Add(nodes[next]);
            foreach (var reader in readers[next] ?? [])
                if (--waitsFor[reader] == 0) ready.Enqueue(reader, reader);
        }

        return sorted.Count == nodes.Length
            ? [.. sorted]
            : throw Invalid(source, $"nodes wait for each other in a circle; {nodes.First(n => waitsFor[n.FileIndex] > 0)} is on it or behind it");
    }

    private static string Describe(GraphNode? origin) => origin is null ? "is an input or initializer" : $"{origin} writes";

    private static ModelFormatException Invalid(string source, string problem) =>
        new(source, problem, "The graph is not valid ONNX; export the model again.");
}
