using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Runs what some values of a graph need, on samples.</summary>
internal static class TruncatedModel
{
    /// <summary>Loads the part of a graph that the values need, which are the outputs of the session in this order.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static IEngineSession Load(GraphEdit edit, IReadOnlyList<string> values, ExecutionOptions execution)
    {
        var part = new GraphEdit(OnnxModel.Parse(edit.ToBytes()));
        part.Graph.Output.Clear();
        part.Graph.Output.Add(values.Select(static value => new ValueInfoProto { Name = value }));
        part.RemoveUnused();
        return execution.Engine.Load(part.ToBytes(), execution);
    }

    /// <summary>Runs a session on a sample. The caller owns the outputs.</summary>
    public static TensorValue[] Run(IEngineSession session, ISampleSource samples, int sample, IReadOnlyList<TensorSpec> inputs, CancellationToken cancellationToken)
    {
        var tensors = samples.Read(sample, inputs);
        try
        {
            var outputs = new TensorValue[session.Outputs.Length];
            session.Run([.. inputs.Select(static i => i.Name)], tensors, [.. session.Outputs.Select(static o => o.Name)], outputs, cancellationToken);
            return outputs;
        }
        finally
        {
            foreach (var tensor in tensors) tensor.Dispose();
        }
    }
}
