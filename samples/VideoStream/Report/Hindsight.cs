using SplitInfer.Emulation;
using VideoStream.Streaming;

namespace VideoStream.Report;

/// <summary>The cost that each arm would have had for the frames of a stream.</summary>
internal sealed class Hindsight
{
    private readonly ArmFigures _figures;

    /// <summary>Looks back on at least one frame.</summary>
    public Hindsight(ArmFigures figures, IReadOnlyList<FrameRecord> frames)
    {
        _figures = figures;
        BestFixed = Enumerable.Range(0, figures.Arms.Count).MinBy(arm => frames.Sum(f => CostMs(arm, f.Link)));
        double[] deviations = [.. frames.Select(DeviationOf).Order()];
        Deviation = deviations[deviations.Length / 2];
    }

    /// <summary>The arm that runs as much as possible on the server.</summary>
    public const int OnServer = 0;

    /// <summary>The arm that runs everything on the device.</summary>
    public int OnDevice => _figures.Arms.Count - 1;

    /// <summary>The arm that would have been best, had it been taken for every frame.</summary>
    public int BestFixed { get; }

    /// <summary>Median difference between the measured cost of a frame and the computed cost of its arm, relative to the computed one.</summary>
    public double Deviation { get; }

    /// <summary>The best arm on a link.</summary>
    public int OracleArm(LinkConditions link) => Enumerable.Range(0, _figures.Arms.Count).MinBy(arm => CostMs(arm, link));

    /// <summary>Cost of an arm on a link, ms.</summary>
    public double CostMs(int arm, LinkConditions link) => _figures.CostMs(arm, link);

    /// <summary>The partition of an arm.</summary>
    public int PartitionOf(int arm) => _figures.Arms[arm].Index;

    private double DeviationOf(FrameRecord frame)
    {
        var arm = Enumerable.Range(0, _figures.Arms.Count).First(a => PartitionOf(a) == frame.Partition);
        var computed = CostMs(arm, frame.Link);
        return Math.Abs(frame.TotalMs - computed) / computed;
    }
}
