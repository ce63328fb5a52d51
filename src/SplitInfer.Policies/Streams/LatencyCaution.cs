namespace SplitInfer.Policies.Streams;

/// <summary>
/// How much of the latency that is allowed is planned for. Frames scatter around what is planned, so it is less than all: less where frames turned out late,
/// more while none does. Not thread-safe.
/// </summary>
internal sealed class LatencyCaution(double maxLatency)
{
    private const double Most = 0.95, Least = 0.7, First = 0.85;

    /// <summary>Steps after a frame in time and a late one: they are in balance where one frame in a hundred is late.</summary>
    private const double Up = 0.0002, Down = 0.02;

    private double _part = First;

    /// <summary>The longest that is planned for, s.</summary>
    public double PlannedSeconds => double.IsFinite(maxLatency) ? _part * maxLatency : double.PositiveInfinity;

    /// <summary>Learns whether a frame was in time.</summary>
    public void Observe(in StageTimes times)
    {
        if (times.Fate is StreamFate.Failed or StreamFate.Dropped || times.Decision.IsProbe) return;
        var done = times.Decision.Arm.IsOnDevice ? times.DeviceEnded : times.RepliedAt;
        var isLate = times.Fate == StreamFate.Late || done - times.QueuedAt > maxLatency;
        _part = Math.Clamp(_part + (isLate ? -Down : Up), Least, Most);
    }
}
