namespace SplitInfer.Server.Connections;

/// <summary>
/// How fast one machine may have the server do things that no other limit counts: pings, models that are opened and closed, requests that are withdrawn or
/// refused. Above it the server reads from the machine's connections more slowly, so that the machine waits and nobody else does. Thread-safe.
/// <code>
/// t ← max(t, now) + cost / rate          when the last of what was taken is paid for
/// wait = t − now − burst / rate          before the next frame is read, where that is more than nothing
/// </code>
/// This is the generic cell rate algorithm (ITU-T I.371), with a wait in place of a refusal.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ControlPace(TimeProvider time)
{
    // A client that behaves sends a few in a second; many of them behind one address, some hundred.
    private const double PerSecond = 500, Burst = 500;

    // So that a connection that is to end is not held for long.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private double _paidAt;

    /// <summary>Takes what a frame costs.</summary>
    /// <param name="cost">1 for what is answered at once.</param>
    /// <returns>How long to wait before the next frame is read; zero for most.</returns>
    public TimeSpan Take(int cost)
    {
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start).TotalSeconds;
            _paidAt = Math.Max(_paidAt, now) + (cost / PerSecond);
            var wait = _paidAt - now - (Burst / PerSecond);
            return wait <= 0 ? TimeSpan.Zero : wait < LongestWait.TotalSeconds ? TimeSpan.FromSeconds(wait) : LongestWait;
        }
    }
}
