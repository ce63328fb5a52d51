using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Has ONNX Runtime infer types and dimensions: every value is made an output of a session that is never run.</summary>
internal static class Inference
{
    /// <summary>What ONNX Runtime says of each input, of what each node writes, and of computed constants.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public static IReadOnlyDictionary<string, OrtValueInfo> Of(ModelGraph graph, ExecutionOptions execution)
    {
        var outputs = graph.Nodes.Concat(graph.ConstantNodes).SelectMany(static n => n.Outputs)
            .Concat(graph.Outputs.Select(static o => o.Name)).Except(graph.Inputs.Select(static i => i.Name), StringComparer.Ordinal);
        using var session = Session(graph, outputs, execution);
        return session.Inputs.Concat(session.Outputs).ToDictionary(static v => v.Name, StringComparer.Ordinal);
    }

    private static OrtSession Session(ModelGraph graph, IEnumerable<string> outputs, ExecutionOptions execution)
    {
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, outputs.Select(static name => new ValueInfoProto { Name = name }), keepValueInfo: false);
        return ProbeSession.Create(model, graph.Model.Folder, execution);
    }
}
