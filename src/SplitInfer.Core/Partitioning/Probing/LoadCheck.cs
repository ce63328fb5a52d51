using System.Text;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Checks that the engine can run a model. Of a large one it is given one node of each kind first: what a kernel is chosen and made by are the
/// operator, its attributes and constants, and the types and dimensions that it reads.
/// </summary>
internal static class LoadCheck
{
    private const int MinNodes = 4096;
    private const int MaxAttributeBytes = 1024;

    // From here on a node's inputs of the same kind count as one: no kernel is chosen by how many there are.
    private const int MaxAlike = 3;

    /// <summary>Checks a model.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="values">What the engine says of its values.</param>
    /// <param name="execution">How it is run.</param>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static void Run(ModelGraph graph, IReadOnlyDictionary<string, EngineValue> values, ExecutionOptions execution)
    {
        if ((graph.Nodes.Length < MinNodes && graph.EdgeCount <= Inference.MaxEdges) || !LoadsByKind(graph, values, execution)) Inference.CheckLoads(graph, execution);
    }

    /// <summary>Whether one node of each kind loads; false also if there are many kinds or they cannot be distinguished.</summary>
    private static bool LoadsByKind(ModelGraph graph, IReadOnlyDictionary<string, EngineValue> values, ExecutionOptions execution)
    {
        var kinds = new Dictionary<string, GraphNode>(StringComparer.Ordinal);
        // One instance for all values that are alike, so that comparing is cheap. Null for what cannot be fed.
        var (told, texts) = (new Dictionary<string, string?>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var node in graph.Nodes)
        {
            if (KindOf(node, Describe) is not { } kind) return false;
            kinds.TryAdd(kind, node);
            if (kinds.Count > MinNodes / 4) return false;
        }

        var options = execution.ForProbing(GraphOptimization.None);
        try
        {
            new ProbeModel(Model(graph, [.. kinds.Values], values), willRun: false).Use(bytes => options.Engine.Load(bytes, options, graph.Model.Folder), out _).Dispose();
            return true;
        }
        catch (EngineException)
        {
            // The whole model tells whether it is this node, and in what words.
            return false;
        }

        string? Describe(string input)
        {
            if (told.TryGetValue(input, out var description)) return description;
            if (graph.IsConstant(input)) description = "=" + input;
            else if (values.GetValueOrDefault(input) is { } value && CanBeFed(value)) description = TextOf(value);
            if (description is not null && !texts.TryAdd(description, description)) description = texts[description];
            told.Add(input, description);
            return description;
        }
    }

    /// <summary>Everything that distinguishes nodes except the names of their inputs and outputs; null if a node has a body, reads what cannot be fed, or is too long to compare.</summary>
    private static string? KindOf(GraphNode node, Func<string, string?> describe)
    {
        var kind = new StringBuilder().Append(node.Proto.Domain).Append('\0').Append(node.Proto.OpType).Append('\0').Append(node.Proto.Overload);
        foreach (var attribute in node.Proto.Attribute)
        {
            if (attribute.G is not null || attribute.Graphs.Count > 0 || attribute.CalculateSize() > MaxAttributeBytes) return null;
            kind.Append('\0').Append(Convert.ToBase64String(Google.Protobuf.MessageExtensions.ToByteArray(attribute)));
        }

        var (last, alike) = ("", 0);
        foreach (var input in node.Proto.Input)
        {
            var text = input.Length == 0 ? "-" : describe(input);
            if (text is null) return null;
            alike = ReferenceEquals(text, last) ? alike + 1 : 1;
            last = text;
            if (alike <= MaxAlike) kind.Append('\0').Append(text);
        }

        foreach (var output in node.Proto.Output) kind.Append(output.Length == 0 ? "\0-" : "\0>");
        return kind.ToString();
    }

    private static string TextOf(EngineValue value)
    {
        var text = new StringBuilder(":").Append((int)value.ElementType);
        if (!value.HasShape) text.Append('?');
        foreach (var (size, symbol) in value.Dimensions.Zip(value.Symbols)) text.Append(',').Append(size).Append(symbol);
        return text.ToString();
    }

    private static bool CanBeFed(EngineValue? value) => value is { Kind: EngineValueKind.Tensor } && value.ElementType.CanBeBound();

    private static ModelProto Model(ModelGraph graph, GraphNode[] kept, IReadOnlyDictionary<string, EngineValue> values)
    {
        var (inputs, outputs) = (kept.SelectMany(static n => n.Uses).Where(use => !graph.IsConstant(use)).Distinct(StringComparer.Ordinal), new List<ValueInfoProto>());
        var renamed = kept.Select(Renamed).ToArray();
        return SegmentWriter.Write(graph, renamed, inputs.Select(name => EngineValueInfos.Of(values[name], axis => values[name].Symbols[axis])), outputs);

        // One kept node may read what another one writes; here it is fed.
        GraphNode Renamed(GraphNode node, int index)
        {
            var proto = node.Proto.Clone();
            for (var i = 0; i < proto.Output.Count; i++)
            {
                if (proto.Output[i].Length == 0) continue;
                var isReadable = CanBeFed(values.GetValueOrDefault(proto.Output[i]));
                proto.Output[i] = $"splitinfer/kind/{index}/{i}";
                if (isReadable) outputs.Add(new() { Name = proto.Output[i] });
            }

            return new(proto, node.FileIndex);
        }
    }
}
