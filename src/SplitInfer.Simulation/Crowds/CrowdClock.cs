namespace SplitInfer.Simulation.Crowds;

/// <summary>The virtual clock of a crowd, and what is still to happen. What is due at the same time happens in the order in which it was scheduled.</summary>
internal sealed class CrowdClock : TimeProvider
{
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private long _order;

    /// <summary>Seconds since the beginning.</summary>
    public double Now { get; private set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => (long)(Now * TimestampFrequency);

    /// <summary>Something happens at a time, s.</summary>
    public void At(double seconds, Action what) => _events.Enqueue(what, (Math.Max(seconds, Now), _order++));

    /// <summary>Something happens after so many seconds.</summary>
    public void After(double seconds, Action what) => At(Now + seconds, what);

    /// <summary>Lets everything happen until a time.</summary>
    public void RunUntil(double seconds)
    {
        while (_events.TryPeek(out _, out var due) && due.At <= seconds)
        {
            Now = due.At;
            _events.Dequeue()();
        }

        Now = seconds;
    }
}
