using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Has ONNX Runtime infer types and dimensions: every value is made an output of a session that is never run.</summary>
internal static class Inference
{
    /// <summary>What ONNX Runtime says of each input, and of each value and computed constant that is read or yielded.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public static IReadOnlyDictionary<string, OrtValueInfo> Of(ModelGraph graph, ExecutionOptions execution)
    {
        var values = Infer(graph, execution, GraphOptimization.None);
        // Exporters compute shapes from shapes. Where these are fixed, folding them tells what inference alone does not.
        return values.Values.All(static v => v.HasShape && v.Dimensions.All(static size => size >= 0)) ? values : Infer(graph, execution, GraphOptimization.Basic);
    }

    private static Dictionary<string, OrtValueInfo> Infer(ModelGraph graph, ExecutionOptions execution, GraphOptimization optimization)
    {
        GraphNode[] nodes = [.. graph.Nodes, .. graph.ConstantNodes];
        var read = nodes.SelectMany(static n => n.Uses).ToHashSet(StringComparer.Ordinal);
        var outputs = nodes.SelectMany(static n => n.Outputs).Where(read.Contains)
            .Concat(graph.Outputs.Select(static o => o.Name)).Except(graph.Inputs.Select(static i => i.Name), StringComparer.Ordinal);
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, outputs.Select(static name => new ValueInfoProto { Name = name }));
        using var session = ProbeSession.Create(model, graph.Model.Folder, execution, optimization);
        return session.Values.ToDictionary(static v => v.Name, StringComparer.Ordinal);
    }
}
