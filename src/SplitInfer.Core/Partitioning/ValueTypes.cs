using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning;

/// <summary>The types and shapes of the values of a graph, without those in bodies, as the engine infers them. Immutable.</summary>
internal sealed class ValueTypes
{
    private readonly Dictionary<string, EngineValue> _values;

    private ValueTypes(IEngineSession session, GraphProto graph)
    {
        _values = session.Inputs.Concat(session.Outputs).DistinctBy(static v => v.Name).ToDictionary(static v => v.Name, StringComparer.Ordinal);
        foreach (var initializer in graph.Initializer)
            _values.TryAdd(initializer.Name, new(initializer.Name, EngineValueKind.Tensor, (ElementType)initializer.DataType, HasShape: true, [.. initializer.Dims], [.. initializer.Dims.Select(static _ => (string?)null)]));
    }

    /// <summary>Has the engine infer them.</summary>
    /// <param name="model">The model; as it was when this returns.</param>
    /// <param name="execution">The engine.</param>
    /// <param name="externalDataFolder">The folder of the weights that the model does not hold; null if there are none.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static ValueTypes Of(ModelProto model, ExecutionOptions execution, string? externalDataFolder = null)
    {
        var graph = model.Graph;
        var outputs = graph.Output.Count;
        var known = graph.Output.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var output in graph.Node.SelectMany(static n => n.Output).Where(static o => o.Length > 0))
            if (known.Add(output)) graph.Output.Add(new ValueInfoProto { Name = output });
        try
        {
            using var session = execution.Engine.Load(model.ToByteArray(), execution.With(GraphOptimization.None), externalDataFolder);
            return new(session, graph);
        }
        finally
        {
            while (graph.Output.Count > outputs) graph.Output.RemoveAt(graph.Output.Count - 1);
        }
    }

    /// <summary>What is known of a tensor; null if nothing is, or if the value is no tensor.</summary>
    public EngineValue? Find(string value) => _values.GetValueOrDefault(value) is { Kind: EngineValueKind.Tensor } found ? found : null;

    /// <summary>Whether a value is known to be a tensor of this type.</summary>
    public bool Is(string value, ElementType type) => Find(value)?.ElementType == type;
}
