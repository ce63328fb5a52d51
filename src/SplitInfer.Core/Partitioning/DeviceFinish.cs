using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>
/// The last nodes of a model with outputs that cannot cross a cut: sequences, maps, text. They run on the device, after the tail, on tensors
/// that do cross; the rest of the model is cut as any other. Immutable.
/// </summary>
internal sealed class DeviceFinish
{
    private readonly ModelProto _model;
    private readonly ExternalCopy? _externalCopy;

    private DeviceFinish(ModelProto model, ExternalCopy? externalCopy, ImmutableArray<string> inputs, ImmutableArray<string> outputs) =>
        (_model, _externalCopy, Inputs, Outputs) = (model, externalCopy, inputs, outputs);

    /// <summary>The folder of the external data; null if there is none.</summary>
    public string? Folder => _externalCopy?.Folder;

    /// <summary>The inputs of the nodes: inputs of the model, and tensors that other nodes compute.</summary>
    public ImmutableArray<string> Inputs { get; }

    /// <summary>The outputs of the model that they yield.</summary>
    public ImmutableArray<string> Outputs { get; }

    /// <summary>The nodes as an ONNX file.</summary>
    public byte[] ToBytes() => Google.Protobuf.MessageExtensions.ToByteArray(_model);

    /// <summary>Takes the nodes off a graph.</summary>
    /// <param name="graph">The graph; the same without these nodes, yielding what they read, afterwards.</param>
    /// <param name="values">What the engine says of the values.</param>
    /// <returns>The nodes; null if everything that the model yields can cross, or nothing would be left.</returns>
    public static DeviceFinish? Take(ref ModelGraph graph, IReadOnlyDictionary<string, EngineValue> values)
    {
        var whole = graph;
        var outputs = graph.Outputs.Select(static o => o.Name).Where(name => IsReadable(values[name]) && !CanCross(name)).ToHashSet(StringComparer.Ordinal);
        if (outputs.Count == 0) return null;
        var nodes = Close(graph, outputs, CanCross);
        if (nodes.Count == 0 || nodes.Count == graph.Nodes.Length) return null;

        var written = nodes.SelectMany(static n => n.Outputs).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<string> inputs = [.. graph.Nodes.Index().Where(n => nodes.Contains(n.Item)).SelectMany(n => whole.Reads[n.Index])
            .Distinct(StringComparer.Ordinal).Where(name => !written.Contains(name) && !whole.IsConstant(name))];
        var fed = graph.Inputs.ToDictionary(static i => i.Name, StringComparer.Ordinal);
        ValueInfoProto[] yielded = [.. graph.Outputs.Where(o => written.Contains(o.Name)).DistinctBy(static o => o.Name)];
        var model = SegmentWriter.Write(graph, [.. graph.Nodes.Where(nodes.Contains)], inputs.Select(name => fed.GetValueOrDefault(name) ?? InfoOf(values[name])), yielded);
        var finish = new DeviceFinish(model, graph.Model.ExternalCopy, inputs, [.. yielded.Select(static o => o.Name)]);

        var taken = nodes.Select(static n => n.Proto).ToHashSet();
        graph = graph.With(
            graph.Model.Graph.Node.Where(n => !taken.Contains(n)),
            graph.Outputs.Where(o => !written.Contains(o.Name)).Concat(inputs.Where(name => !fed.ContainsKey(name)).Select(static name => new ValueInfoProto { Name = name })).DistinctBy(static o => o.Name));
        return finish;

        // Symbols of their own: the engine's may be named after nodes that stay behind.
        ValueInfoProto InfoOf(EngineValue value) => EngineValueInfos.Of(value, axis => $"{value.Name}#{axis}");

        bool CanCross(string name) => !values.TryGetValue(name, out var value) || (value.Kind == EngineValueKind.Tensor && value.ElementType.CanBeBound() && value.ElementType.HasFixedSize());
    }

    /// <summary>The nodes that compute these outputs, all nodes that read their results, and nodes that compute values for them that cannot cross.</summary>
    private static HashSet<GraphNode> Close(ModelGraph graph, HashSet<string> outputs, Func<string, bool> canCross)
    {
        var producers = graph.Nodes.SelectMany(static n => n.Outputs.Select(output => (output, n))).ToDictionary(static p => p.output, static p => p.n, StringComparer.Ordinal);
        var readers = graph.Nodes.SelectMany(static n => n.Uses.Select(use => (use, n))).ToLookup(static r => r.use, static r => r.n, StringComparer.Ordinal);
        var nodes = new HashSet<GraphNode>();
        var open = new Stack<GraphNode>(outputs.Where(producers.ContainsKey).Select(name => producers[name]));
        while (open.TryPop(out var node))
        {
            if (!nodes.Add(node)) continue;
            foreach (var reader in node.Outputs.SelectMany(output => readers[output])) open.Push(reader);
            foreach (var use in node.Uses.Where(use => !canCross(use) && producers.ContainsKey(use))) open.Push(producers[use]);
        }

        return nodes;
    }

    // Whether an optional value is there cannot be asked, and fetching one that is not ends the process.
    private static bool IsReadable(EngineValue value) => value.Kind is EngineValueKind.Tensor or EngineValueKind.Sequence or EngineValueKind.Map;
}
