namespace SplitInfer.Simulation.Streams;

/// <summary>The virtual clock of a stream, and what is still to happen. What is due at the same time happens in the order in which it was scheduled.</summary>
internal sealed class StreamClock : TimeProvider
{
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private long _order;

    /// <summary>Seconds since the beginning.</summary>
    public double Now { get; private set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => (long)(Now * TimestampFrequency);

    /// <summary>Something happens at a time, s.</summary>
    public void At(double seconds, Action what) => _events.Enqueue(what, (Math.Max(seconds, Now), _order++));

    /// <summary>Lets everything happen for as long as a condition holds.</summary>
    public void RunWhile(Func<bool> isRunning)
    {
        while (isRunning() && _events.TryDequeue(out var what, out var due))
        {
            Now = due.At;
            what();
        }
    }
}
