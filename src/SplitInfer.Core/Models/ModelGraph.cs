using System.Collections.Frozen;
using System.Collections.Immutable;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// What a model computes, in a fixed order: the compute nodes that cuts count, and what belongs to both sides. Nodes that no output needs are
/// left out. Immutable; the same file gives the same graph on every machine.
/// </summary>
internal sealed class ModelGraph
{
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _derived = new(StringComparer.Ordinal);

    private ModelGraph(OnnxModel model, IReadOnlySet<string> fed)
    {
        (Model, Fed) = (model, fed);
        var graph = model.Graph;
        if (graph.Output.Count == 0) throw new ModelFormatException(model.Source, "the graph has no output", "Export the model again with the outputs that it should yield.");
        var nodes = NodeOrder.Of(graph, model.Source);
        _constants.UnionWith(graph.Initializer.Select(static i => i.Name).Where(name => !fed.Contains(name)));
        _constants.UnionWith(graph.SparseInitializer.Select(static i => i.Values.Name));
        Inputs = [.. graph.Input.Where(i => !_constants.Contains(i.Name))];
        var needed = Needed(nodes, graph.Output.Select(static o => o.Name));
        if (needed.Length == 0) throw new ModelNotSupportedException($"{model.Source}: no output needs any node, so there is nothing to run. Export the model again with the outputs that it should compute.");
        var determinism = new Determinism(model.Shell);
        foreach (var node in nodes.Where(n => determinism.Holds(n.Proto) && n.Uses.All(_constants.Contains))) _constants.UnionWith(node.Outputs);
        var types = new QuantizedTypes(graph);
        var computed = Quantization.BehindProducers([.. needed.Where(n => !n.Outputs.Any(_constants.Contains))], _constants);
        var outputs = graph.Output.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in computed.Where(n => Quantization.IsDequantization(n, types, _constants) && !outputs.Contains(n.Outputs[0]))) _derived.Add(node.Outputs[0], node);
        Nodes = [.. computed.Where(n => !_derived.ContainsKey(n.Outputs[0]))];
        GraphNode[] constant = [.. needed.Where(n => n.Outputs.Any(_constants.Contains))];
        foreach (var (position, node) in constant.Concat(computed).Index()) node.Position = position;
        SharedNodes = [.. constant, .. _derived.Values.OrderBy(static n => n.Position)];
        Reads = [.. Nodes.Select(node => _derived.Count == 0 ? node.Uses : [.. node.Uses.Select(Origin).Distinct(StringComparer.Ordinal)])];
        EdgeCount = Nodes.Sum(static node => (long)node.Uses.Length);
        DeclaredTypes = Declared(needed);
        Values = Lifetimes();
    }

    /// <summary>The file that the graph was read from.</summary>
    public OnnxModel Model { get; }

    /// <summary>Inputs of the model, without those that have a value in the file and are not fed, which are constants.</summary>
    public ImmutableArray<ValueInfoProto> Inputs { get; }

    /// <summary>Outputs of the model; a value may be listed twice.</summary>
    public IReadOnlyList<ValueInfoProto> Outputs => Model.Graph.Output;

    /// <summary>The compute nodes in order: partition k has the first k on the device.</summary>
    public ImmutableArray<GraphNode> Nodes { get; }

    /// <summary>
    /// The nodes that belong to each side that needs their results, in order: those that compute constants from constants, and those that
    /// dequantise. What is quantised crosses a cut instead of the numbers that it stands for, which are four times as large; and the engine
    /// fuses operators with the dequantisation of what they read, so that both must be on one side to give what the whole gives.
    /// </summary>
    public ImmutableArray<GraphNode> SharedNodes { get; }

    /// <summary>For each compute node the values that it needs: those that it reads, but instead of the result of a dequantisation, its input.</summary>
    public ImmutableArray<ImmutableArray<string>> Reads { get; }

    /// <summary>How many values all compute nodes read.</summary>
    public long EdgeCount { get; }

    /// <summary>The initializers that are inputs all the same, because the application feeds them.</summary>
    public IReadOnlySet<string> Fed { get; }

    /// <summary>
    /// The element types that the file states for what operators of other domains write, since an engine may have no rule for them. Dimensions
    /// are left out: what a file claims of them may be wrong.
    /// </summary>
    public IReadOnlyDictionary<string, TypeProto> DeclaredTypes { get; }

    /// <summary>The inputs, then the results of compute nodes that are read or are outputs of the model, in order.</summary>
    public ImmutableArray<GraphValue> Values { get; }

    /// <summary>Reads the graph of a model.</summary>
    /// <exception cref="ModelFormatException">The graph is not consistent.</exception>
    /// <exception cref="ModelNotSupportedException">The graph computes nothing.</exception>
    /// <param name="model">The file.</param>
    /// <param name="fed">Names of initializers that are inputs; each must be listed among the inputs of the file.</param>
    public static ModelGraph Of(OnnxModel model, IReadOnlySet<string>? fed = null) => new(model, fed ?? FrozenSet<string>.Empty);

    /// <summary>The same graph with other nodes, such as constants in place of what was found to be constant, and perhaps other outputs.</summary>
    public ModelGraph With(IEnumerable<NodeProto> nodes, IEnumerable<ValueInfoProto>? outputs = null) => new(Model.With(nodes, outputs ?? Outputs), Fed);

    /// <summary>Whether a value is an initializer or computed from constants only.</summary>
    public bool IsConstant(string value) => _constants.Contains(value);

    private string Origin(string value) => _derived.TryGetValue(value, out var node) ? node.Uses[0] : value;

    private Dictionary<string, TypeProto> Declared(IEnumerable<GraphNode> nodes)
    {
        var unknown = nodes.Where(static n => !n.IsStandard).SelectMany(static n => n.Outputs).ToHashSet(StringComparer.Ordinal);
        return Model.Graph.ValueInfo.Concat(Model.Graph.Output)
            .Where(v => unknown.Contains(v.Name) && v.Type?.TensorType is { ElemType: > 0 }).DistinctBy(static v => v.Name)
            .ToDictionary(static v => v.Name, static v => new TypeProto { TensorType = new() { ElemType = v.Type.TensorType.ElemType } }, StringComparer.Ordinal);
    }

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
            foreach (var use in Reads[index]) lastUse[use] = index;
        var outputs = Outputs.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        var written = Nodes.SelectMany((node, index) => node.Outputs.Select(name => Value(name, index)));
        return [.. Inputs.Select(i => Value(i.Name, GraphValue.Fed)), .. written.Where(static v => v.IsOutput || v.LastUse != GraphValue.Unused)];

        GraphValue Value(string name, int producer) => new(name, producer, lastUse.GetValueOrDefault(name, GraphValue.Unused), outputs.Contains(name));
    }
}
