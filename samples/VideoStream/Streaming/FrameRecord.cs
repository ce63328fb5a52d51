using SplitInfer.Client;
using SplitInfer.Emulation;
using VideoStream.Video;

namespace VideoStream.Streaming;

/// <summary>The cost of one frame, in milliseconds, the conditions of the link and the picture of the first frame and of key frames.</summary>
internal sealed record FrameRecord(
    int Frame, double Second, bool IsKey, int Partition, bool IsForced, bool IsRaced, long BytesSent,
    double HeadMs, double OffloadMs, double TotalMs, double? PredictedMs, LinkConditions Link, VideoFrame? Picture)
{
    public const string Title = " frame key  cut        sent   head ms  offload ms  total ms  predicted  link";

    public static FrameRecord Of(int frame, TimeSpan at, VideoFrame picture, bool isKey, LinkConditions link, InferenceResult result)
    {
        var (decision, timings) = (result.Decision, result.Timings);
        return new(
            frame, at.TotalSeconds, isKey, result.Partition.Index, decision.IsForced, decision.IsRaced, result.BytesSent,
            timings.Head.TotalMilliseconds, timings.Offload.TotalMilliseconds, timings.Total.TotalMilliseconds,
            double.IsFinite(decision.PredictedSeconds) ? decision.PredictedSeconds * 1000 : null, link, isKey || frame == 0 ? picture : null);
    }

    public override string ToString() =>
        $"{Frame,6} {(IsKey ? "key" : ""),3} {Partition,4}{(IsForced ? "*" : " ")}{(IsRaced ? "|" : " ")} {BytesSent,9} {HeadMs,9:F1} {OffloadMs,11:F1} {TotalMs,9:F1} {PredictedMs,10:F1}  {Link.Mbps:F0} Mbit/s";
}
