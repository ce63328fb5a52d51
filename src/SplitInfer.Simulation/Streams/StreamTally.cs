namespace SplitInfer.Simulation.Streams;

/// <summary>What the frames of a stream took.</summary>
/// <param name="maxLatency">The longest that a frame may take, s.</param>
internal sealed class StreamTally(double maxLatency)
{
    private const double WindowSeconds = 10;

    private readonly List<(double At, double Latency)> _frames = [];

    /// <summary>When the last frame had its result, s.</summary>
    public double Seconds { get; private set; }

    /// <summary>Frames without a result.</summary>
    public int Dropped { get; private set; }

    /// <summary>The most frames that were in flight.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>Frames with a result.</summary>
    public int Frames => _frames.Count;

    /// <summary>Frames that took too long.</summary>
    public int Late => _frames.Count(frame => frame.Latency > maxLatency);

    /// <summary>The part of the windows of time in which 95 in 100 frames or more were in time.</summary>
    public double WindowsInTime => _frames.Count == 0 ? 0 : _frames.GroupBy(static frame => (int)(frame.At / WindowSeconds)).Average(window => window.Count(frame => frame.Latency <= maxLatency) >= 0.95 * window.Count() ? 1.0 : 0);

    /// <summary>A frame has its result.</summary>
    public void End(double now, double latency)
    {
        Seconds = now;
        _frames.Add((now, latency));
    }

    /// <summary>A frame was dropped.</summary>
    public void Drop() => Dropped++;

    /// <summary>So many frames are in flight.</summary>
    public void NoteInFlight(int count) => MostInFlight = Math.Max(MostInFlight, count);

    /// <summary>A quantile of what frames took, s.</summary>
    public double Quantile(double part)
    {
        if (_frames.Count == 0) return double.NaN;
        double[] sorted = [.. _frames.Select(static frame => frame.Latency).Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];
    }
}
