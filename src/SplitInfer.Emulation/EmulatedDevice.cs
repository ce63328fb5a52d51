using System.Collections.Concurrent;
using SplitInfer.Execution;

namespace SplitInfer.Emulation;

/// <summary>
/// A device that is slower than this machine. What runs on it runs for real and gives real results; it then waits, without using the processor, until it has
/// taken <see cref="Slowdown"/> times as long as the fastest run of the same segment with inputs of the same shapes so far, whichever client ran it. What
/// else this machine does is thus not multiplied, and a server on the same machine has the processor to itself meanwhile. Waits are as exact as timers are:
/// within about a millisecond. Segments are told apart by their model and by names, types and shapes of their inputs and outputs. Thread-safe.
/// </summary>
public sealed class EmulatedDevice
{
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, FastestRun> _fastest = new();
    private double _slowdown;

    /// <summary>A device.</summary>
    /// <param name="slowdown">How many times as long as here a run takes; at least 1, which changes nothing.</param>
    /// <param name="time">The clock; null (the default) is the system's.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="slowdown"/> is less than 1 or not finite.</exception>
    public EmulatedDevice(double slowdown, TimeProvider? time = null) => (Slowdown, _time) = (slowdown, time ?? TimeProvider.System);

    /// <summary>How many times as long as here a run takes. May change at any time, as that of a device that grows hot does; runs that begin afterwards take the new value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1 or not finite.</exception>
    public double Slowdown
    {
        get => Volatile.Read(ref _slowdown);
        set
        {
            if (!(value >= 1 && double.IsFinite(value))) throw new ArgumentOutOfRangeException(nameof(value), value, "A device is slowed down 1 time or more: 8 takes eight times as long.");
            Volatile.Write(ref _slowdown, value);
        }
    }

    /// <summary>A segment as it runs on this device; made for <see cref="ExecutionOptions.WrapRunner"/>.</summary>
    /// <param name="segment">Runs the segment here. The returned runner owns it.</param>
    public ISegmentRunner Wrap(ISegmentRunner segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return new SlowedRunner(segment, this, _time);
    }

    /// <summary>The fastest run of a piece of work.</summary>
    /// <param name="work">What tells it from others.</param>
    internal FastestRun FastestOf(string work) => _fastest.GetOrAdd(work, static _ => new());
}
