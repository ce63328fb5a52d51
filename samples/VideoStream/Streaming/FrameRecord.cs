using SplitInfer.Client;
using VideoStream.Simulated;

namespace VideoStream.Streaming;

/// <summary>The cost of one frame, in milliseconds, and the conditions of the link.</summary>
internal sealed record FrameRecord(
    int Frame, double Second, bool IsKey, int Partition, bool IsForced, bool IsRaced, long BytesSent,
    double HeadMs, double OffloadMs, double TotalMs, double? PredictedMs, LinkConditions Link)
{
    public const string Title = " frame key  cut        sent   head ms  offload ms  total ms  predicted  link";

    public static FrameRecord Of(int frame, TimeSpan at, bool isKey, LinkConditions link, InferenceResult result)
    {
        var (decision, timings) = (result.Decision, result.Timings);
        return new(
            frame, at.TotalSeconds, isKey, result.Partition.Index, decision.IsForced, decision.IsRaced, result.BytesSent,
            timings.Head.TotalMilliseconds, timings.Offload.TotalMilliseconds, timings.Total.TotalMilliseconds,
            double.IsFinite(decision.PredictedSeconds) ? decision.PredictedSeconds * 1000 : null, link);
    }

    public override string ToString() =>
        $"{Frame,6} {(IsKey ? "key" : ""),3} {Partition,4}{(IsForced ? "*" : " ")}{(IsRaced ? "|" : " ")} {BytesSent,9} {HeadMs,9:F1} {OffloadMs,11:F1} {TotalMs,9:F1} {PredictedMs,10:F1}  {Link.BitsPerSecond / 1e6:F0} Mbit/s";
}
