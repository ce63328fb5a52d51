using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Shortens what nearly every test of the engine does.</summary>
internal static class SessionRuns
{
    public static OrtSession Load(this GraphBuilder g, ExecutionOptions? options = null, OrtSessionSettings? settings = null) =>
        OrtSession.Create(g.ToBytes(), null, options ?? new() { IntraOpThreads = 1 }, settings);

    /// <summary>A runner for all inputs and outputs of a session whose ranks are known.</summary>
    public static OrtSegmentRunner ToRunner(this OrtSession session) =>
        new(session, session.Inputs.Select(static input => input.ToSpec()), session.Outputs.Select(static output => output.ToSpec()));

    public static Tensor?[] Run(this OrtSession session, params ReadOnlySpan<Tensor> inputs)
    {
        var outputs = new Tensor?[session.Outputs.Length];
        session.Run(inputs, outputs);
        return outputs;
    }

    /// <summary>Runs a session of one output.</summary>
    public static Tensor RunOne(this OrtSession session, params ReadOnlySpan<Tensor> inputs) => Assert.Single(session.Run(inputs))!;
}
