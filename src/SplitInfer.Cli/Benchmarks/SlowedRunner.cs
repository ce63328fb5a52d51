using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Takes some times as long as the segment does, as a slower machine would.</summary>
/// <param name="segment">The segment.</param>
/// <param name="factor">How many times as long; at least 1.</param>
/// <param name="time">The clock.</param>
internal sealed class SlowedRunner(ISegmentRunner segment, double factor, TimeProvider time) : ISegmentRunner
{
    public IReadOnlyList<TensorSpec> Inputs => segment.Inputs;

    public IReadOnlyList<TensorSpec> Outputs => segment.Outputs;

    public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
    {
        var start = time.GetTimestamp();
        await segment.RunAsync(inputs, outputs, cancellationToken).ConfigureAwait(false);
        try
        {
            // Not counted in turns of a loop: the server may be on this machine and need the core.
            await Task.Delay(time.GetElapsedTime(start) * (factor - 1), time, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            foreach (var output in outputs.Span) output.Dispose();
            throw;
        }
    }

    public void Dispose() => segment.Dispose();
}
