using SplitInfer.Emulation;
using VideoStream.Streaming;
using VideoStream.Video;

namespace VideoStream.Report;

/// <summary>The contents of the page.</summary>
internal sealed record StreamReport(
    string Title, string Takeaway, string Policy, double Slowdown, double MeanMs, double OracleMeanMs, double Deviation,
    IReadOnlyList<LinkLine> Link, IReadOnlyList<ArmLine> Arms, int BestFixed, IReadOnlyList<FrameLine> Frames, IReadOnlyList<PictureLine> Pictures)
{
    /// <summary>Evaluates a stream of at least one frame.</summary>
    public static StreamReport Of(StreamOptions options, string policy, ArmFigures figures, List<FrameRecord> frames)
    {
        var hindsight = new Hindsight(figures, frames);
        FrameLine[] lines = [.. frames.Select(frame => FrameLine.Of(frame, hindsight))];
        var link = LinkLine.Of(options.Phases, frames[^1].Second);
        var bestFixed = figures.Arms[hindsight.BestFixed].Index;
        return new(
            Path.GetFileNameWithoutExtension(options.Model), Report.Takeaway.Of(policy, link.Select(static phase => phase.Mbps), bestFixed, lines), policy, options.Slowdown,
            frames.Average(static f => f.TotalMs), lines.Average(static f => f.OracleMs), hindsight.Deviation,
            link,
            [.. Enumerable.Range(0, figures.Arms.Count).Select(arm => ArmLine.Of(figures, arm))],
            bestFixed, lines, PictureLine.Of(frames));
    }
}

/// <summary>A change of the link.</summary>
internal sealed record LinkLine(double Second, double Mbps)
{
    /// <summary>The phases that began before the last frame did.</summary>
    public static LinkLine[] Of(LinkPhase[] phases, double last)
    {
        var starts = phases.Select((phase, at) => new LinkLine(phases[..at].Sum(static p => p.Duration.TotalSeconds), phase.Conditions.Mbps));
        return [.. starts.Where(line => line.Second <= last)];
    }
}

/// <summary>Cost of an arm without the link.</summary>
internal sealed record ArmLine(int Partition, long Bytes, double DeviceMs, double RemoteMs)
{
    public static ArmLine Of(ArmFigures figures, int arm) =>
        new(figures.Arms[arm].Index, figures.Bytes(arm), figures.DeviceMs(arm), figures.RemoteMs(arm));
}

/// <summary>A frame as it looked.</summary>
/// <param name="Frame">Its number.</param>
/// <param name="Data">An address that holds the picture itself.</param>
internal sealed record PictureLine(int Frame, string Data)
{
    private const int MaxPictures = 8;

    /// <summary>The first frame and some key frames, spread over the stream.</summary>
    public static PictureLine[] Of(IEnumerable<FrameRecord> frames)
    {
        FrameRecord[] kept = [.. frames.Where(static frame => frame.Picture is not null)];
        var count = Math.Min(MaxPictures, kept.Length);
        return [.. Enumerable.Range(0, count).Select(i => kept[i * kept.Length / count]).Select(static frame => new PictureLine(frame.Frame, Thumbnail.Of(frame.Picture!)))];
    }
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
            frame.Frame, frame.Second, frame.IsKey, frame.IsForced, frame.IsRaced, frame.Partition, frame.BytesSent, link.Mbps, frame.TotalMs, frame.PredictedMs,
            hindsight.PartitionOf(oracle), hindsight.CostMs(oracle, link), hindsight.CostMs(hindsight.OnDevice, link),
            hindsight.CostMs(Hindsight.OnServer, link), hindsight.CostMs(hindsight.BestFixed, link));
    }
}
