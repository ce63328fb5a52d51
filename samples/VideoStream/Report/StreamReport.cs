using VideoStream.Simulated;
using VideoStream.Streaming;

namespace VideoStream.Report;

/// <summary>The contents of the page.</summary>
internal sealed record StreamReport(
    string Title, string Policy, double Slowdown, double MeanMs, double OracleMeanMs, double Deviation,
    IReadOnlyList<LinkLine> Link, IReadOnlyList<ArmLine> Arms, int BestFixed, IReadOnlyList<FrameLine> Frames)
{
    /// <summary>Evaluates a stream of at least one frame.</summary>
    public static StreamReport Of(StreamOptions options, string policy, ArmFigures figures, List<FrameRecord> frames)
    {
        var hindsight = new Hindsight(figures, frames);
        FrameLine[] lines = [.. frames.Select(frame => FrameLine.Of(frame, hindsight))];
        return new(
            Path.GetFileNameWithoutExtension(options.Model), policy, options.Slowdown,
            frames.Average(static f => f.TotalMs), lines.Average(static f => f.OracleMs), hindsight.Deviation,
            LinkLine.Of(options.Phases, frames[^1].Second),
            [.. Enumerable.Range(0, figures.Arms.Count).Select(arm => ArmLine.Of(figures, arm))],
            figures.Arms[hindsight.BestFixed].Index, lines);
    }
}

/// <summary>A change of the link.</summary>
internal sealed record LinkLine(double Second, double Mbps)
{
    /// <summary>The phases that began before the last frame did.</summary>
    public static LinkLine[] Of(LinkPhase[] phases, double last)
    {
        var starts = phases.Select((phase, at) => new LinkLine(phases[..at].Sum(static p => p.Duration.TotalSeconds), phase.Conditions.BitsPerSecond / 1e6));
        return [.. starts.Where(line => line.Second <= last)];
    }
}

/// <summary>Cost of an arm without the link.</summary>
internal sealed record ArmLine(int Partition, long Bytes, double DeviceMs, double RemoteMs)
{
    public static ArmLine Of(ArmFigures figures, int arm) =>
        new(figures.Arms[arm].Index, figures.Bytes(arm), figures.DeviceMs(arm), figures.RemoteMs(arm));
}

/// <summary>A frame, with its cost under other choices.</summary>
internal sealed record FrameLine(
    int Frame, double Second, bool IsKey, bool IsForced, bool IsRaced, int Partition, long Bytes, double Mbps, double TotalMs, double? PredictedMs,
    int OraclePartition, double OracleMs, double OnDeviceMs, double OnServerMs, double BestFixedMs)
{
    public static FrameLine Of(FrameRecord frame, Hindsight hindsight)
    {
        var link = frame.Link;
        var oracle = hindsight.OracleArm(link);
        return new(
            frame.Frame, frame.Second, frame.IsKey, frame.IsForced, frame.IsRaced, frame.Partition, frame.BytesSent, link.BitsPerSecond / 1e6, frame.TotalMs, frame.PredictedMs,
            hindsight.PartitionOf(oracle), hindsight.CostMs(oracle, link), hindsight.CostMs(hindsight.OnDevice, link),
            hindsight.CostMs(Hindsight.OnServer, link), hindsight.CostMs(hindsight.BestFixed, link));
    }
}
