using System.Collections.Immutable;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// What a model computes, in a fixed order: the compute nodes that cuts count, and the constants that belong to both sides. Nodes that no
/// output needs are left out. Immutable; the same file gives the same graph on every machine.
/// </summary>
internal sealed class ModelGraph
{
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);

    private ModelGraph(OnnxModel model)
    {
        Model = model;
        var graph = model.Graph;
        if (graph.Output.Count == 0) throw new ModelFormatException(model.Source, "the graph has no output", "Export the model again with the outputs that it should yield.");
        var nodes = NodeOrder.Of(graph, model.Source);
        _constants.UnionWith(graph.Initializer.Select(static i => i.Name));
        _constants.UnionWith(graph.SparseInitializer.Select(static i => i.Values.Name));
        Inputs = [.. graph.Input.Where(i => !_constants.Contains(i.Name))];
        var needed = Needed(nodes, graph.Output.Select(static o => o.Name));
        if (needed.Length == 0) throw new ModelNotSupportedException($"{model.Source}: no output needs any node, so there is nothing to run. Export the model again with the outputs that it should compute.");
        var determinism = new Determinism(model.Shell);
        foreach (var node in nodes.Where(n => determinism.Holds(n.Proto) && n.Uses.All(_constants.Contains))) _constants.UnionWith(node.Outputs);
        ConstantNodes = [.. needed.Where(n => n.Outputs.Any(_constants.Contains))];
        Nodes = [.. needed.Where(n => !n.Outputs.Any(_constants.Contains))];
        Values = Lifetimes();
    }

    /// <summary>The file that the graph was read from.</summary>
    public OnnxModel Model { get; }

    /// <summary>What the model takes, without the inputs that the file gives a value: those are constants.</summary>
    public ImmutableArray<ValueInfoProto> Inputs { get; }

    /// <summary>What the model yields; a value may be listed twice.</summary>
    public IReadOnlyList<ValueInfoProto> Outputs => Model.Graph.Output;

    /// <summary>The compute nodes in order: partition k has the first k on the device.</summary>
    public ImmutableArray<GraphNode> Nodes { get; }

    /// <summary>The nodes that compute constants from constants, in order.</summary>
    public ImmutableArray<GraphNode> ConstantNodes { get; }

    /// <summary>The inputs, then what the compute nodes write and something reads or the model yields, in order.</summary>
    public ImmutableArray<GraphValue> Values { get; }

    /// <summary>Reads the graph of a model.</summary>
    /// <exception cref="ModelFormatException">The graph is not consistent.</exception>
    /// <exception cref="ModelNotSupportedException">The graph computes nothing.</exception>
    public static ModelGraph Of(OnnxModel model) => new(model);

    /// <summary>Whether a value is an initializer or computed from constants only.</summary>
    public bool IsConstant(string value) => _constants.Contains(value);

    /// <summary>The nodes that an output needs, in order.</summary>
    private static GraphNode[] Needed(GraphNode[] nodes, IEnumerable<string> outputs)
    {
        var values = new HashSet<string>(outputs, StringComparer.Ordinal);
        var needed = new Stack<GraphNode>();
        foreach (var node in Enumerable.Reverse(nodes))
        {
            if (!node.Outputs.Any(values.Contains)) continue;
            values.UnionWith(node.Uses);
            needed.Push(node);
        }

        return [.. needed];
    }

    private ImmutableArray<GraphValue> Lifetimes()
    {
        var lastUse = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < Nodes.Length; index++)
            foreach (var use in Nodes[index].Uses) lastUse[use] = index;
        var outputs = Outputs.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        var written = Nodes.SelectMany((node, index) => node.Outputs.Select(name => Value(name, index)));
        return [.. Inputs.Select(i => Value(i.Name, GraphValue.Fed)), .. written.Where(static v => v.IsOutput || v.LastUse != GraphValue.Unused)];

        GraphValue Value(string name, int producer) => new(name, producer, lastUse.GetValueOrDefault(name, GraphValue.Unused), outputs.Contains(name));
    }
}
