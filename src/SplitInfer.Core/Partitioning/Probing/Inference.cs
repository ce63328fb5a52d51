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
    /// <summary>What the engine says of each input, and of each value and computed constant that is read or yielded.</summary>
    /// <exception cref="EngineException">The engine refuses the model.</exception>
    public static IReadOnlyDictionary<string, EngineValue> Of(ModelGraph graph, ExecutionOptions execution)
    {
        var values = Infer(graph, execution, GraphOptimization.None);
        // Exporters compute shapes from shapes. Where these are fixed, folding them tells what inference alone does not.
        // It tells nothing of a dimension that is an input's.
        var symbols = graph.Inputs.SelectMany(i => values[i.Name].Symbols).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return values.Values.All(IsKnown) ? values : Infer(graph, execution, GraphOptimization.Basic);

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

    private static Dictionary<string, EngineValue> Infer(ModelGraph graph, ExecutionOptions execution, GraphOptimization optimization)
    {
        GraphNode[] nodes = [.. graph.Nodes, .. graph.SharedNodes];
        var read = nodes.SelectMany(static n => n.Uses).ToHashSet(StringComparer.Ordinal);
        var outputs = nodes.SelectMany(static n => n.Outputs).Where(read.Contains)
            .Concat(graph.Outputs.Select(static o => o.Name)).Except(graph.Inputs.Select(static i => i.Name), StringComparer.Ordinal);
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, outputs.Select(static name => new ValueInfoProto { Name = name }));
        var inferred = new ProbeModel(model, willRun: false).Use(bytes => execution.Engine.Optimize(bytes, execution.ForProbing(optimization), graph.Model.Folder), out var fedWeights);
        var ends = Parse(inferred, graph.Model.Source);
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
