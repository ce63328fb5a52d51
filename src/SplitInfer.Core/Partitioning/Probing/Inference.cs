using System.Collections.Immutable;
using Google.Protobuf;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Has the engine infer types and dimensions: every value is made an output of a model that it writes again and never runs. What it wrote is
/// read, and not what a session says of its ends, since only the file tells a scalar from an unknown rank and knows every element type.
/// </summary>
internal static class Inference
{
    private const int MaxTogether = 10_000;

    /// <summary>The most edges of a graph that the engine is given as a whole; its time for one grows with their square.</summary>
    public const int MaxEdges = 100_000;

    // Of parts, smaller ones take less time.
    private const int PartLength = 2_000;
    private const int PartEdges = 20_000;

    // Nodes of many inputs make up parts as well that are worth a call of the engine.
    private const int LeastPartLength = 64;

    /// <summary>The engine's description of each input, and of each value and computed constant that is read or is an output.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="execution">How the engine is set up.</param>
    /// <param name="maxTogether">The most nodes whose values are inferred at a time.</param>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static IReadOnlyDictionary<string, EngineValue> Of(ModelGraph graph, ExecutionOptions execution, int maxTogether = MaxTogether)
    {
        var values = (graph.Nodes.Length > maxTogether || graph.EdgeCount > MaxEdges ? InferInParts(graph, execution, Math.Min(maxTogether, PartLength)) : null) ?? InferTogether(graph, execution, GraphOptimization.None);
        // Exporters compute shapes from shapes. Where these are fixed, folding them tells what inference alone does not.
        // It tells nothing of a dimension that is an input's.
        var symbols = graph.Inputs.SelectMany(i => values[i.Name].Symbols).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return values.Values.All(IsKnown) ? values : InferTogether(graph, execution, GraphOptimization.Basic);

        bool IsKnown(EngineValue value) =>
            value.HasShape && value.Dimensions.Zip(value.Symbols).All(d => d.First >= 0 || (d.Second is not null && symbols.Contains(d.Second)));
    }

    /// <summary>Checks that the engine can run the model: inferring needs no kernels.</summary>
    /// <exception cref="EngineException">It cannot.</exception>
    public static void CheckLoads(ModelGraph graph, ExecutionOptions execution)
    {
        try
        {
            CheckLoads(graph, execution, GraphOptimization.None);
        }
        catch (EngineException) when (execution.Optimization != GraphOptimization.None)
        {
            // A node without a kernel may be folded away. Optimising takes far more memory, so it comes second.
            CheckLoads(graph, execution, execution.Optimization);
        }
    }

    private static void CheckLoads(ModelGraph graph, ExecutionOptions execution, GraphOptimization optimization)
    {
        var options = execution.ForProbing(optimization);
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, graph.Outputs.DistinctBy(static o => o.Name));
        new ProbeModel(model, willRun: false).Use(bytes => options.Engine.Load(bytes, options, graph.Model.Folder), out _).Dispose();
    }

    /// <summary>
    /// Infers a long graph in parts, because the engine's time for a whole graph grows faster than its length.
    /// Null if a part would need inputs that are not tensors, or dequantised values, which belong to no part.
    /// </summary>
    private static Dictionary<string, EngineValue>? InferInParts(ModelGraph graph, ExecutionOptions execution, int size)
    {
        if (graph.SharedNodes.Any(n => !n.Outputs.All(graph.IsConstant))) return null;
        var (values, given) = (new Dictionary<string, EngineValue>(StringComparer.Ordinal), graph.Inputs.ToDictionary(static i => i.Name, StringComparer.Ordinal));
        var outputs = graph.Outputs.Select(static o => o.Name).Concat(graph.Reads.SelectMany(static reads => reads)).Concat(graph.SharedNodes.SelectMany(static n => n.Uses)).ToHashSet(StringComparer.Ordinal);
        var symbols = graph.Inputs.SelectMany(static i => i.Type?.TensorType?.Shape?.Dim ?? []).Select(static d => d.DimParam).ToHashSet(StringComparer.Ordinal);
        var alike = new AlikeInputs();
        foreach (var info in given.Keys) alike.Know(info, value: null);
        for (int from = 0, to; from < graph.Nodes.Length; from = to)
        {
            to = EndOfPart(graph, from, size);
            // In parts there are no dequantised values, so that nodes read what they use.
            GraphNode[] nodes = [.. graph.Nodes[from..to].Select(alike.Reduce)];
            var reads = nodes.SelectMany(static n => n.Uses).Where(name => !graph.IsConstant(name)).ToHashSet(StringComparer.Ordinal);
            string[] written = [.. nodes.SelectMany(static n => n.Outputs)];
            reads.ExceptWith(written);
            // The inputs of the model and its constants are told with the first part, whichever reads them.
            if (from == 0) reads.UnionWith(given.Keys);
            if (reads.Any(name => !given.ContainsKey(name) && values[name].Kind != EngineValueKind.Tensor)) return null;
            var constants = from == 0 ? graph.SharedNodes.SelectMany(static n => n.Outputs).Where(name => outputs.Contains(name)) : [];
            var model = SegmentWriter.Write(
                graph, nodes, reads.Select(name => given.GetValueOrDefault(name) ?? InfoOf(values[name])), written.Where(outputs.Contains).Concat(constants).Select(static name => new ValueInfoProto { Name = name }));
            foreach (var (name, value) in Infer(model, graph.Model, execution, GraphOptimization.None))
                if (values.TryAdd(name, value)) alike.Know(name, value);
        }

        return values;

        // A symbol that is no input's would tie dimensions together that only this part's nodes relate.
        ValueInfoProto InfoOf(EngineValue value) => EngineValueInfos.Of(value, axis => value.Symbols[axis] is { } symbol && symbols.Contains(symbol) ? symbol : null);
    }

    /// <summary>Where the part ends that begins at a node: after so many nodes, or sooner where they have many inputs.</summary>
    private static int EndOfPart(ModelGraph graph, int from, int size)
    {
        var to = from;
        for (long edges = 0; to < graph.Nodes.Length && to - from < size && (edges <= PartEdges || to - from < LeastPartLength); to++) edges += graph.Nodes[to].Uses.Length;
        return to;
    }

    private static Dictionary<string, EngineValue> InferTogether(ModelGraph graph, ExecutionOptions execution, GraphOptimization optimization)
    {
        GraphNode[] nodes = [.. graph.Nodes, .. graph.SharedNodes];
        var read = nodes.SelectMany(static n => n.Uses).ToHashSet(StringComparer.Ordinal);
        var outputs = nodes.SelectMany(static n => n.Outputs).Where(read.Contains)
            .Concat(graph.Outputs.Select(static o => o.Name)).Except(graph.Inputs.Select(static i => i.Name), StringComparer.Ordinal);
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, outputs.Select(static name => new ValueInfoProto { Name = name }));
        return Infer(model, graph.Model, execution, optimization);
    }

    private static Dictionary<string, EngineValue> Infer(ModelProto model, OnnxModel file, ExecutionOptions execution, GraphOptimization optimization)
    {
        var inferred = new ProbeModel(model, willRun: false).Use(bytes => execution.Engine.Optimize(bytes, execution.ForProbing(optimization), file.Folder), out var fedWeights);
        var ends = Parse(inferred, file.Source);
        return ends.Input.SkipLast(fedWeights.Length).Concat(ends.Output).Select(Read).ToDictionary(static v => v.Name, StringComparer.Ordinal);
    }

    /// <summary>What the engine wrote may be nested deeper than the file that was read.</summary>
    private static GraphProto Parse(ReadOnlyMemory<byte> inferred, string source)
    {
        try
        {
            return EngineModel.Parse(inferred).Graph;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ModelNotSupportedException($"{source}: the model cannot be read again as the engine writes it. Export it with fewer graphs inside one another. {error.Message}", error);
        }
    }

    private static EngineValue Read(ValueInfoProto value) => value.Type?.ValueCase switch
    {
        TypeProto.ValueOneofCase.TensorType => Read(value.Name, value.Type.TensorType),
        TypeProto.ValueOneofCase.SequenceType => EngineValue.Other(value.Name, EngineValueKind.Sequence),
        TypeProto.ValueOneofCase.MapType => EngineValue.Other(value.Name, EngineValueKind.Map),
        TypeProto.ValueOneofCase.OptionalType => EngineValue.Other(value.Name, EngineValueKind.Optional),
        TypeProto.ValueOneofCase.SparseTensorType => EngineValue.Other(value.Name, EngineValueKind.SparseTensor),
        _ => EngineValue.Other(value.Name, EngineValueKind.Unknown),
    };

    private static EngineValue Read(string name, TypeProto.Types.Tensor tensor)
    {
        var type = Enum.IsDefined((ElementType)tensor.ElemType) ? (ElementType)tensor.ElemType : ElementType.Undefined;
        ImmutableArray<TensorShapeProto.Types.Dimension> dimensions = [.. tensor.Shape?.Dim ?? []];
        return new(
            name, EngineValueKind.Tensor, type, tensor.Shape is not null,
            [.. dimensions.Select(static d => d.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue ? d.DimValue : -1)],
            [.. dimensions.Select(static d => d.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam && d.DimParam.Length > 0 ? d.DimParam : null)]);
    }
}
