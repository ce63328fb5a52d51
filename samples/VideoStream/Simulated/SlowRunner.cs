using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace VideoStream.Simulated;

/// <summary>
/// Stands for a device that is slower than this machine: every run takes <paramref name="factor"/> times as long as the fastest one so
/// far, so that the machine's other work is not multiplied.
/// </summary>
/// <param name="inner">Runs the segment; owned.</param>
/// <param name="factor">1 or more.</param>
/// <param name="time">The clock; the system's unless given.</param>
internal sealed class SlowRunner(ISegmentRunner inner, double factor, TimeProvider? time = null) : ISegmentRunner
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private TimeSpan _fastest = TimeSpan.MaxValue;

    public IReadOnlyList<TensorSpec> Inputs => inner.Inputs;

    public IReadOnlyList<TensorSpec> Outputs => inner.Outputs;

    public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
    {
        var start = _time.GetTimestamp();
        await inner.RunAsync(inputs, outputs, cancellationToken);
        var elapsed = _time.GetElapsedTime(start);
        TimeSpan rest;
        lock (_gate)
        {
            if (elapsed < _fastest) _fastest = elapsed;
            rest = _fastest * factor - elapsed;
        }

        // The run is over and its outputs are the caller's, so a cancellation only ends the wait.
        if (rest > TimeSpan.Zero) await Task.Delay(rest, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => inner.Dispose();
}
