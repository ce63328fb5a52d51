using System.Collections.Immutable;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Has a model yield the dimensions of values instead of the values. Where these are many, the dimensions of some hundred come together in
/// one output: the engine looks every output up among all others.
/// </summary>
internal sealed class ShapeOutputs
{
    private const int MostSingle = 1024;
    private const int PerOutput = 512;

    // Before this version integers could not be joined.
    private const long JoiningVersion = 4;

    private readonly ImmutableArray<string> _values;
    private readonly bool _isJoined;

    private ShapeOutputs(ImmutableArray<string> values, bool isJoined) => (_values, _isJoined) = (values, isJoined);

    /// <summary>How many outputs the model has.</summary>
    public int Count => _isJoined ? 2 * ((_values.Length + PerOutput - 1) / PerOutput) : _values.Length;

    /// <summary>Adds the outputs to a model that has none.</summary>
    public static ShapeOutputs AddTo(ModelProto model, IReadOnlyList<string> values)
    {
        var standard = model.OpsetImport.FirstOrDefault(static o => o.Domain is "" or "ai.onnx");
        if (standard is null) model.OpsetImport.Add(standard = new OperatorSetIdProto { Domain = "", Version = 13 });
        var outputs = new ShapeOutputs([.. values], values.Count > MostSingle && standard.Version >= JoiningVersion);
        if (outputs._isJoined) outputs.AddJoined(model.Graph);
        else outputs.AddSingle(model.Graph);
        return outputs;
    }

    /// <summary>The dimensions of each value, from the outputs of a run.</summary>
    public IEnumerable<(string Value, ImmutableArray<long> Shape)> Read(TensorValue[] outputs)
    {
        if (!_isJoined) return _values.Select((value, i) => (value, (ImmutableArray<long>)[.. outputs[i].Span<long>()]));
        var shapes = new List<(string, ImmutableArray<long>)>(_values.Length);
        for (var output = 0; output < outputs.Length; output += 2)
        {
            var dimensions = outputs[output].Span<long>();
            foreach (var rank in outputs[output + 1].Span<long>())
            {
                shapes.Add((_values[shapes.Count], [.. dimensions[..(int)rank]]));
                dimensions = dimensions[(int)rank..];
            }
        }

        return shapes;
    }

    private void AddSingle(GraphProto graph)
    {
        for (var i = 0; i < _values.Length; i++) AddOutput(graph, AddShape(graph, _values[i], $"{i}"));
    }

    private void AddJoined(GraphProto graph)
    {
        for (var from = 0; from < _values.Length; from += PerOutput)
        {
            var (shapes, ranks) = (Join("shapes"), Join("ranks"));
            for (var i = from; i < Math.Min(_values.Length, from + PerOutput); i++)
            {
                shapes.Input.Add(AddShape(graph, _values[i], $"{i}"));
                ranks.Input.Add(AddShape(graph, shapes.Input[^1], $"{i}/rank"));
            }

            foreach (var join in (NodeProto[])[shapes, ranks])
            {
                graph.Node.Add(join);
                AddOutput(graph, join.Output[0]);
            }

            NodeProto Join(string what) => new()
            {
                OpType = "Concat", Output = { $"splitinfer/{what}/{from}" },
                Attribute = { new AttributeProto { Name = "axis", I = 0, Type = AttributeProto.Types.AttributeType.Int } },
            };
        }
    }

    private static string AddShape(GraphProto graph, string value, string name)
    {
        var shape = $"splitinfer/shape/{name}";
        graph.Node.Add(new NodeProto { OpType = "Shape", Input = { value }, Output = { shape } });
        return shape;
    }

    private static void AddOutput(GraphProto graph, string name) => graph.Output.Add(new ValueInfoProto { Name = name });
}
