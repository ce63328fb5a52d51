using VideoStream.Simulated;
using VideoStream.Streaming;

namespace VideoStream.Report;

/// <summary>What the arms would have cost the frames of a stream, for those who know it beforehand.</summary>
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

    /// <summary>The arm that runs as much as can be on the server.</summary>
    public const int OnServer = 0;

    /// <summary>The arm that runs everything on the device.</summary>
    public int OnDevice => _figures.Arms.Count - 1;

    /// <summary>The arm that would have been best, had it been taken for every frame.</summary>
    public int BestFixed { get; }

    /// <summary>Median of how far the frames were from what the same arithmetic gives for the arm they took, as a share of it.</summary>
    public double Deviation { get; }

    /// <summary>The arm that is best on a link.</summary>
    public int OracleArm(LinkConditions link) => Enumerable.Range(0, _figures.Arms.Count).MinBy(arm => CostMs(arm, link));

    /// <summary>What an arm costs on a link, ms.</summary>
    public double CostMs(int arm, LinkConditions link) => _figures.CostMs(arm, link);

    /// <summary>Where an arm cuts the model.</summary>
    public int PartitionOf(int arm) => _figures.Arms[arm].Index;

    private double DeviationOf(FrameRecord frame)
    {
        var arm = Enumerable.Range(0, _figures.Arms.Count).First(a => PartitionOf(a) == frame.Partition);
        var computed = CostMs(arm, frame.Link);
        return Math.Abs(frame.TotalMs - computed) / computed;
    }
}
