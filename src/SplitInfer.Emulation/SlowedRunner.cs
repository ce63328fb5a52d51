using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Emulation;

/// <summary>A segment on a slow device.</summary>
/// <param name="segment">Runs it here; owned.</param>
/// <param name="device">The device.</param>
/// <param name="time">The clock.</param>
internal sealed class SlowedRunner(ISegmentRunner segment, EmulatedDevice device, TimeProvider time) : ISegmentRunner
{
    private volatile Work? _work;

    public IReadOnlyList<TensorSpec> Inputs => segment.Inputs;

    public IReadOnlyList<TensorSpec> Outputs => segment.Outputs;

    public Fingerprint? Model => segment.Model;

    public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
    {
        var (slowdown, fastest, start) = (device.Slowdown, FastestOf(inputs.Span), time.GetTimestamp());
        await segment.RunAsync(inputs, outputs, cancellationToken).ConfigureAwait(false);
        var elapsed = time.GetElapsedTime(start);
        // Timers count whole milliseconds.
        var rest = Math.Round((fastest.With(elapsed) * slowdown - elapsed).TotalMilliseconds);
        if (rest <= 0) return;
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(rest), time, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // A run that fails has no outputs.
            foreach (var output in outputs.Span) output.Dispose();
            outputs.Span.Clear();
            throw;
        }
    }

    public void Dispose() => segment.Dispose();

    /// <summary>The fastest run with inputs of these shapes; inputs mostly have those of the run before.</summary>
    private FastestRun FastestOf(ReadOnlySpan<TensorValue> inputs)
    {
        if (_work is not { } work || !work.Takes(inputs)) _work = work = Work.Of(inputs, shapes => device.FastestOf($"{Model}: {string.Join(", ", Inputs)} = {string.Join(", ", shapes)} -> {string.Join(", ", Outputs)}"));
        return work.Fastest;
    }

    private sealed record Work(TensorShape[] Shapes, FastestRun Fastest)
    {
        public static Work Of(ReadOnlySpan<TensorValue> inputs, Func<TensorShape[], FastestRun> fastestOf)
        {
            var shapes = new TensorShape[inputs.Length];
            for (var i = 0; i < inputs.Length; i++) shapes[i] = inputs[i].Shape;
            return new(shapes, fastestOf(shapes));
        }

        public bool Takes(ReadOnlySpan<TensorValue> inputs)
        {
            if (inputs.Length != Shapes.Length) return false;
            for (var i = 0; i < inputs.Length; i++)
                if (inputs[i].Shape != Shapes[i]) return false;
            return true;
        }
    }
}
