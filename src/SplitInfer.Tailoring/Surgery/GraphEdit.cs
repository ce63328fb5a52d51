using System.Diagnostics.CodeAnalysis;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>
/// A copy of a model that transformations change. Nodes are kept in an order in which each reads only what earlier ones write. External data is
/// taken into the copy. Not thread-safe.
/// </summary>
internal sealed partial class GraphEdit
{
    private readonly string _source;
    private ModelProto _model;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<string> _changes = [];
    private Dictionary<string, NodeProto>? _producers;
    private ILookup<string, NodeProto>? _readers;
    private Dictionary<string, TensorProto>? _constants;

    /// <summary>Copies a model.</summary>
    /// <exception cref="TransformationRefusedException">Its weights are too large for one file.</exception>
    /// <exception cref="ModelFormatException">Its graph is not consistent, or its external data is not there any more.</exception>
    public GraphEdit(OnnxModel model)
    {
        (_source, Origin) = (model.Source, model.Fingerprint);
        Take(WholeProto.Of(model));
    }

    /// <summary>The graph. Whoever changes its nodes or initializers other than by the methods here calls <see cref="Forget"/> afterwards.</summary>
    public GraphProto Graph => _model.Graph;

    /// <summary>The whole message, for operator sets and functions.</summary>
    public ModelProto Model => _model;

    /// <summary>The version of ONNX's own operators; 0 for a model that has none.</summary>
    public long Opset
    {
        get => _model.OpsetImport.FirstOrDefault(static o => o.Domain is "" or "ai.onnx")?.Version ?? 0;
        set
        {
            if (_model.OpsetImport.FirstOrDefault(static o => o.Domain is "" or "ai.onnx") is { } own) own.Version = value;
            else _model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = value });
        }
    }

    /// <summary>The model that was copied.</summary>
    public Fingerprint Origin { get; }

    /// <summary>What was changed, in words for people, such as "folded 22 batch normalisations".</summary>
    public IReadOnlyList<string> Changes => _changes;

    /// <summary>Notes a change.</summary>
    public void Note(string change) => _changes.Add(change);

    /// <summary>Names the operators of another domain that the graph uses from now on.</summary>
    public void Use(string domain, long version)
    {
        if (_model.OpsetImport.All(o => o.Domain != domain)) _model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = version });
    }

    /// <summary>A name like the wanted one that no value and no node of the graph has.</summary>
    public string Fresh(string wanted)
    {
        var name = wanted;
        for (var number = 2; !_names.Add(name); number++) name = $"{wanted}_{number}";
        return name;
    }

    /// <summary>The node that writes a value; null for inputs and initializers.</summary>
    public NodeProto? ProducerOf(string value) =>
        (_producers ??= Graph.Node.SelectMany(static n => n.Output.Where(static o => o.Length > 0).Select(output => (output, n))).ToDictionary(static p => p.output, static p => p.n, StringComparer.Ordinal)).GetValueOrDefault(value);

    /// <summary>The nodes that read a value, also from within their bodies; each once.</summary>
    public IEnumerable<NodeProto> ReadersOf(string value) =>
        (_readers ??= Graph.Node.SelectMany(static n => n.Input.Where(static i => i.Length > 0).Concat(Captures.Of(n)).Distinct(StringComparer.Ordinal).Select(input => (input, n))).ToLookup(static r => r.input, static r => r.n, StringComparer.Ordinal))[value];

    /// <summary>Whether a value is an output of the model.</summary>
    public bool IsOutput(string value) => Graph.Output.Any(o => o.Name == value);

    /// <summary>Whether a value is an input of the model that has no value in the file.</summary>
    public bool IsInput(string value) => Graph.Input.Any(i => i.Name == value) && Graph.Initializer.All(i => i.Name != value);

    /// <summary>Whether exactly one node reads a value, once, and the value is no output of the model.</summary>
    public bool HasOneReader(string value, [NotNullWhen(true)] out NodeProto? reader)
    {
        reader = ReadersOf(value).Take(2).ToArray() is [var only] && !IsOutput(value) && only.Input.Count(i => i == value) == 1 ? only : null;
        return reader is not null;
    }

    /// <summary>The constant of that name, an initializer that is no input or the value of a <c>Constant</c> node; null if there is none.</summary>
    public TensorProto? ConstantOf(string value)
    {
        if (_constants is null)
        {
            var fed = Graph.Input.Select(static i => i.Name).ToHashSet(StringComparer.Ordinal);
            _constants = Graph.Initializer.Where(i => !fed.Contains(i.Name)).ToDictionary(static i => i.Name, StringComparer.Ordinal);
            foreach (var node in Graph.Node)
                if (Ops.Is(node, "Constant") && node.Attribute is [{ Name: "value", T: { } tensor }]) _constants.TryAdd(node.Output[0], tensor);
        }

        return _constants.GetValueOrDefault(value);
    }

    /// <summary>The elements of a float32 constant; null if the value is no such constant.</summary>
    public float[]? FloatsOf(string value)
    {
        if (ConstantOf(value) is not { } constant || (ElementType)constant.DataType != ElementType.Float32) return null;
        using var tensor = TensorProtoReader.Read(constant);
        return tensor.Span<float>().ToArray();
    }

    /// <summary>The elements of an int64 constant; null if the value is no such constant.</summary>
    public long[]? IntegersOf(string value)
    {
        if (ConstantOf(value) is not { } constant || (ElementType)constant.DataType != ElementType.Int64) return null;
        using var tensor = TensorProtoReader.Read(constant);
        return tensor.Span<long>().ToArray();
    }

    /// <summary>Adds an initializer under a name like the wanted one.</summary>
    /// <returns>The name that it has.</returns>
    public string Add<T>(string wanted, ElementType type, ReadOnlySpan<T> elements, params ReadOnlySpan<long> dimensions) where T : unmanaged
    {
        var initializer = TensorProtos.Of(Fresh(wanted), type, elements, dimensions);
        Graph.Initializer.Add(initializer);
        _constants?.TryAdd(initializer.Name, initializer);
        return initializer.Name;
    }

    /// <summary>Goes on with another form of the model, which is not copied.</summary>
    [MemberNotNull(nameof(_model))]
    public void Take(ModelProto model)
    {
        _model = model;
        var ordered = NodeOrder.Of(Graph, _source).Select(static node => node.Proto).ToArray();
        Graph.Node.Clear();
        Graph.Node.Add(ordered);
        _names.UnionWith(Names(Graph));
        Forget();
    }

    /// <summary>Has what is known of the graph looked up again.</summary>
    public void Forget() => (_producers, _readers, _constants) = (null, null, null);

    /// <summary>The file of the changed model.</summary>
    public byte[] ToBytes() => Google.Protobuf.MessageExtensions.ToByteArray(_model);

    /// <summary>A refusal that names the model.</summary>
    public TransformationRefusedException Refusal(string transformation, string reason) => new(transformation, _source, reason);

    private static IEnumerable<string> Names(GraphProto graph) =>
        graph.Input.Select(static i => i.Name).Concat(graph.Initializer.Select(static i => i.Name)).Concat(graph.SparseInitializer.Select(static i => i.Values?.Name ?? ""))
            .Concat(graph.Node.SelectMany(static n => n.Output.Append(n.Name).Concat(n.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)).SelectMany(Names))));
}
