using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Adds up how long a device computes: every segment that runs on it, to the end or until it was stopped. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class DeviceMeter(TimeProvider time)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(1);

    private long _ticks;
    private int _running;

    /// <summary>What the runs that have ended took together.</summary>
    public TimeSpan Total => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    /// <summary>A segment whose runs count.</summary>
    /// <param name="segment">Runs the segment. The returned runner owns it.</param>
    public ISegmentRunner Wrap(ISegmentRunner segment) => new MeteredRunner(segment, this, time);

    /// <summary>Ends when no segment runs any more.</summary>
    public async Task UntilIdleAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _running) > 0) await Task.Delay(Glance, time, cancellationToken).ConfigureAwait(false);
    }

    private sealed class MeteredRunner(ISegmentRunner segment, DeviceMeter meter, TimeProvider time) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => segment.Inputs;

        public IReadOnlyList<TensorSpec> Outputs => segment.Outputs;

        public Fingerprint? Model => segment.Model;

        public async ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref meter._running);
            var began = time.GetTimestamp();
            try
            {
                await segment.RunAsync(inputs, outputs, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Add(ref meter._ticks, time.GetElapsedTime(began).Ticks);
                Interlocked.Decrement(ref meter._running);
            }
        }

        public void Dispose() => segment.Dispose();
    }
}
