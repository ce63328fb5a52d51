namespace SplitInfer.Client.Streams;

/// <summary>
/// How many frames of one route are in flight, from what frames took: as many as come in the time of one that waits for nothing, and some for stages whose times scatter. It
/// grows as long as frames wait for nothing, since more then come in that time. Not thread-safe.
/// </summary>
internal sealed class PipelineWindow
{
    private const int Recent = 32, Slack = 2, Least = 2, Most = 64;

    private readonly double[] _latencies = new double[Recent];
    private readonly double[] _ends = new double[Recent];
    private int _count;

    /// <summary>Frames that may be in flight.</summary>
    public int Size { get; private set; } = Least;

    /// <summary>A frame has ended.</summary>
    /// <param name="began">When its route was chosen, s.</param>
    /// <param name="ended">When it had its result, s.</param>
    public void Observe(double began, double ended)
    {
        if (!(ended > began)) return;
        var place = _count++ % Recent;
        (_latencies[place], _ends[place]) = (ended - began, ended);
        if (_count < Slack) return;
        var known = Math.Min(_count, Recent);
        var (least, first, last) = (double.PositiveInfinity, double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < known; i++) (least, first, last) = (Math.Min(least, _latencies[i]), Math.Min(first, _ends[i]), Math.Max(last, _ends[i]));
        // Frames that end at one moment say nothing of how often they do.
        Size = last > first ? (int)Math.Clamp(Math.Ceiling(least * (known - 1) / (last - first)) + Slack, Least, Most) : Size;
    }
}
