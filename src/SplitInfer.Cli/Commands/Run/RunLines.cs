using SplitInfer.Client;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>What one frame cost.</summary>
internal sealed record FrameLine(
    int Frame, int Partition, string Codec, bool Forced, bool Raced, double HeadMs, double EncodeMs, double OffloadMs, double ServerMs, double TotalMs,
    long BytesSent, double? PredictedMs, string Source, string? Server)
{
    public static FrameLine Of(int frame, InferenceResult result)
    {
        var (timings, decision) = (result.Timings, result.Decision);
        return new(
            frame, result.Partition.Index, result.Codec, decision.IsForced, result.IsRaced,
            timings.Head.TotalMilliseconds, timings.Encode.TotalMilliseconds, timings.Offload.TotalMilliseconds,
            timings.Server.TotalSeconds * 1000, timings.Total.TotalMilliseconds, result.BytesSent,
            double.IsNaN(decision.PredictedSeconds) ? null : decision.PredictedSeconds * 1000, NameOf(result.Source), result.Server);
    }

    private static string NameOf(InferenceSource source) => source switch
    {
        InferenceSource.Split => "split",
        InferenceSource.Device => "device",
        _ => "server",
    };
}

/// <summary>What all frames cost.</summary>
internal sealed record RunSummaryLine(string Model, string Policy, int Frames, double MeanMs, double P50Ms, double P95Ms, double P99Ms, long BytesSent)
{
    /// <summary>Sums up at least one frame.</summary>
    public static RunSummaryLine Of(string model, string policy, IReadOnlyList<FrameLine> frames)
    {
        double[] totals = [.. frames.Select(static f => f.TotalMs).Order()];
        return new(model, policy, totals.Length, totals.Average(), At(0.5), At(0.95), At(0.99), frames.Sum(static f => f.BytesSent));

        // The smallest total that the given share of frames does not exceed.
        double At(double share) => totals[Math.Max(0, (int)Math.Ceiling(share * totals.Length) - 1)];
    }
}
