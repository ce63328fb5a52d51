namespace SplitInfer.Simulation.Quality;

/// <summary>A server that runs one request at a time, from exit to exit.</summary>
internal sealed class SimulatedNode(int index)
{
    public const int Idle = -1;

    public int Index => index;

    /// <summary>Requests that wait, in the order in which they run.</summary>
    public List<int> Queue { get; } = [];

    /// <summary>The request that runs; <see cref="Idle"/> for none.</summary>
    public int Running { get; set; } = Idle;

    /// <summary>The exit that it will reach.</summary>
    public int Exit { get; set; }

    /// <summary>When it does, s.</summary>
    public double ReachesAt { get; set; } = double.PositiveInfinity;

    /// <summary>What it takes there from the exit before, s.</summary>
    public double SegmentSeconds { get; set; }

    public double Busy { get; set; }

    public int Load => Queue.Count + (Running == Idle ? 0 : 1);
}
