using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Shortens what nearly every test of the engine does.</summary>
internal static class SessionRuns
{
    /// <summary>The engine under test.</summary>
    public static IInferenceEngine Engine => OnnxRuntimeEngine.Instance;

    public static IEngineSession Load(this GraphBuilder g, ExecutionOptions? options = null, SessionSettings? settings = null) =>
        Engine.Load(g.ToBytes(), options ?? new() { IntraOpThreads = 1 }, settings ?? new());

    /// <summary>A runner for all inputs and outputs of a session.</summary>
    public static SegmentRunner ToRunner(this IEngineSession session) => new(session, session.Inputs.Select(ToSpec), session.Outputs.Select(ToSpec));

    public static TensorValue[] Run(this IEngineSession session, params ReadOnlySpan<TensorValue> inputs)
    {
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs);
        return outputs;
    }

    /// <summary>Runs a session of one output.</summary>
    public static TensorValue RunOne(this IEngineSession session, params ReadOnlySpan<TensorValue> inputs) => Assert.Single(session.Run(inputs));

    private static TensorSpec ToSpec(EngineValue value) => value.HasShape
        ? new(value.Name, value.ElementType, [.. value.Dimensions.Select((size, axis) => size >= 0 ? Dimension.Fixed(size) : Dimension.Symbolic(value.Symbols[axis]!))])
        : TensorSpec.Unranked(value.Name, value.ElementType);
}
