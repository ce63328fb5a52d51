using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Testing.Execution;

/// <summary>A segment that does what a test says.</summary>
/// <param name="run">What a run does with its inputs and with the room for its outputs.</param>
internal sealed class ScriptedRunner(Func<ReadOnlyMemory<TensorValue>, Memory<TensorValue>, CancellationToken, ValueTask> run) : ISegmentRunner
{
    public IReadOnlyList<TensorSpec> Inputs => [];

    public IReadOnlyList<TensorSpec> Outputs => [];

    public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default) => run(inputs, outputs, cancellationToken);

    public void Dispose()
    {
    }
}
