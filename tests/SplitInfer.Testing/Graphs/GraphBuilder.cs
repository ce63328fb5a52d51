using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Builds ONNX models with seeded weights. The same calls with the same seed give the same bytes. Not thread-safe.</summary>
public sealed class GraphBuilder
{
    private readonly ModelScope _scope;

    /// <summary>Starts an empty model.</summary>
    /// <param name="name">Name of the graph.</param>
    /// <param name="seed">Seed of every random weight.</param>
    /// <param name="opset">Version of the ONNX operators.</param>
    /// <param name="irVersion">Version of the ONNX file format.</param>
    public GraphBuilder(string name = "graph", int seed = 1, int opset = 17, int irVersion = 8)
        : this(new ModelScope(seed, opset, irVersion), name) { }

    private GraphBuilder(ModelScope scope, string name) => (_scope, Graph.Name) = (scope, name);

    internal GraphProto Graph { get; } = new();

    /// <summary>Draws the weights.</summary>
    internal Random Random => _scope.Random;

    /// <summary>Declares an input of the graph.</summary>
    public Value Input(string name, ElementType type, params ReadOnlySpan<Axis> axes)
    {
        Graph.Input.Add(Infos.Of(name, type, axes));
        return new(name, type, [.. axes.ToArray().Select(static a => a.Size)]);
    }

    /// <summary>Makes a value an output of the graph.</summary>
    public Value Output(Value value)
    {
        Graph.Output.Add(Infos.Of(value.Name, value.Type));
        return value;
    }

    /// <summary>Makes a value an output of the graph under a name of its own; the old name must not be used any more.</summary>
    public Value Output(Value value, string name)
    {
        Rename.Apply(Graph, value.Name, name);
        return Output(value with { Name = name });
    }

    /// <summary>Adds a node of the ONNX domain with one output, whose type is taken to be that of the first input.</summary>
    public Value Node(string op, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes) =>
        Nodes("", op, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs. A missing optional input is null.</summary>
    /// <param name="domain">Domain of the operator; empty for ONNX.</param>
    /// <param name="op">Name of the operator.</param>
    /// <param name="inputs">What it takes.</param>
    /// <param name="outputs">How many values it yields.</param>
    /// <param name="attributes">Its attributes.</param>
    public Value[] Nodes(string domain, string op, ReadOnlySpan<Value?> inputs, int outputs, params ReadOnlySpan<(string Name, AttributeValue Value)> attributes)
    {
        _scope.Use(domain);
        var node = new NodeProto { OpType = op, Domain = domain, Name = _scope.Unique(op) };
        foreach (var input in inputs) node.Input.Add(input?.Name ?? "");
        foreach (var (name, value) in attributes) node.Attribute.Add(value.ToProto(name));
        for (var i = 0; i < outputs; i++) node.Output.Add(outputs == 1 ? $"{node.Name}_out" : $"{node.Name}_out{i}");
        Graph.Node.Add(node);
        var type = inputs.IsEmpty || inputs[0] is null ? ElementType.Float32 : inputs[0]!.Type;
        return [.. node.Output.Select(name => new Value(name, type))];
    }

    /// <summary>Adds an initializer.</summary>
    public Value Initializer(TensorValue tensor, string? name = null)
    {
        using (tensor)
        {
            name ??= _scope.Unique("weight");
            Graph.Initializer.Add(TensorProtoWriter.Write(tensor, name));
            return new(name, tensor.ElementType, [.. tensor.Shape.Dimensions]);
        }
    }

    /// <summary>Adds a <c>Constant</c> node.</summary>
    public Value Constant(TensorValue tensor)
    {
        using (tensor) return Node("Constant", [], ("value", tensor)).Typed(tensor.ElementType).Shaped(tensor.Shape.Dimensions);
    }

    /// <summary>Starts a sub-graph, which may use every value of this graph. It becomes an attribute of <c>If</c>, <c>Loop</c> or <c>Scan</c>.</summary>
    public GraphBuilder Body(string name) => new(_scope, _scope.Unique(name));

    /// <summary>Defines a model-local function of the given inputs; its body holds no initializers.</summary>
    public void Function(string domain, string name, string[] inputs, Action<GraphBuilder, Value[]> define)
    {
        var body = new GraphBuilder(_scope, name);
        define(body, [.. inputs.Select(static i => new Value(i, ElementType.Float32))]);
        _scope.Define(domain, name, inputs, body.Graph);
    }

    /// <summary>The model as a file holds it.</summary>
    public byte[] ToBytes() => ModelBytes.Of(Build());

    /// <summary>Writes the model to a file.</summary>
    public void Save(string path) => File.WriteAllBytes(path, ToBytes());

    /// <summary>Writes the model with its larger initializers in a second file of the same folder.</summary>
    public void Save(string path, string externalData) => ExternalData.Save(Build(), path, externalData);

    internal ModelProto Build() => _scope.Build(Graph);
}
