using System.Text.Json.Serialization;
using SplitInfer.Client;

namespace SplitInfer.Cli.Commands.Run;

/// <summary>What one frame cost.</summary>
/// <param name="Fallback">The word for the reason for which the device did what was meant for a server; null where it was not so.</param>
internal sealed record FrameLine(
    int Frame, int Partition, string Codec, bool Forced, bool Raced, double HeadMs, double EncodeMs, double OffloadMs, double ServerMs, double TotalMs,
    long BytesSent, double? PredictedMs, string Source, string? Server, string? Fallback)
{
    /// <summary>The variant that has answered; left out without a family.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Variant { get; init; }

    /// <summary>Its expected accuracy with the codec; left out without a family.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Accuracy { get; init; }

    /// <summary>The exit that has answered, 0 for the model itself; left out without exits.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Exit { get; init; }

    /// <summary>How sure that exit was, 0 to 1; left out where none answered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Confidence { get; init; }

    /// <summary>Whether the result of the frame follows; left out without --progressive.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Early { get; init; }

    /// <summary>Whether the result came after the deadline, by no more than what still counts as in time; left out where it did not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Late { get; init; }

    /// <summary>Whether all on the device was chosen, and nothing else ran.</summary>
    [JsonIgnore]
    public bool IsDeviceAlone { get; private init; }

    /// <param name="frame">The number of the frame.</param>
    /// <param name="result">Its result.</param>
    /// <param name="fallback">Why the device did what was meant for a server.</param>
    /// <param name="hasExits">Whether exits were given.</param>
    public static FrameLine Of(int frame, InferenceResult result, string? fallback, bool hasExits)
    {
        var (timings, decision) = (result.Timings, result.Decision);
        return new(
            frame, result.Partition.Index, result.Codec, decision.IsForced, result.IsRaced,
            timings.Head.TotalMilliseconds, result.Server is null ? 0 : timings.Encode.TotalMilliseconds, timings.Offload.TotalMilliseconds,
            timings.Server.TotalSeconds * 1000, timings.Total.TotalMilliseconds, result.BytesSent,
            decision.PredictedWhere(result is { Source: InferenceSource.Device, Exit: > 0 }) is var predicted && double.IsNaN(predicted) ? null : predicted * 1000, NameOf(result.Source), result.Server, fallback)
        {
            Variant = result.Variant,
            Accuracy = result.Accuracy,
            Exit = hasExits || result.Exit > 0 ? result.Exit : null,
            Confidence = result.Exit > 0 ? result.Confidence : null,
            IsDeviceAlone = decision.Arm is { IsOnDevice: true, Exit: 0 } && result is { Source: InferenceSource.Device, IsRaced: false, Exit: 0 },
        };
    }

    private static string NameOf(InferenceSource source) => source switch
    {
        InferenceSource.Split => "split",
        InferenceSource.Device => "device",
        _ => "server",
    };
}

/// <summary>A frame that had no result by its deadline.</summary>
internal sealed record MissedFrameLine(int Frame, bool Missed, double TotalMs);

/// <summary>What all frames cost that had a result.</summary>
internal sealed record RunSummaryLine(string Model, string Policy, int Frames, double MeanMs, double P50Ms, double P95Ms, double P99Ms, long BytesSent)
{
    /// <summary>Where the time went until the first frame could begin; null where that was not measured.</summary>
    public StartTimes? Start { get; init; }

    /// <summary>Frames that had no result by their deadline, or one that came too late to count.</summary>
    public int Missed { get; init; }

    /// <summary>Frames whose result came after the deadline, by no more than what still counts as in time; left out where there were none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Late { get; init; }

    /// <summary>Frames that the device had to do since a server failed or refused, by the reason, the most frequent first; empty where there were none.</summary>
    public IReadOnlyList<FallbackLine> Fallbacks { get; init; } = [];

    /// <summary>Part of the results that the device computed alone, 0 to 1.</summary>
    public double DeviceShare { get; init; }

    /// <summary>Part of the results with the head on the device and the tail on a server, 0 to 1.</summary>
    public double SplitShare { get; init; }

    /// <summary>Part of the results that a server computed alone, 0 to 1.</summary>
    public double ServerShare { get; init; }

    /// <summary>Mean of the frames for which all on the device was chosen and nothing else ran; null where there was none, so that it is not known.</summary>
    public double? DeviceAloneMs { get; init; }

    /// <summary>Frames of which <see cref="DeviceAloneMs"/> is the mean.</summary>
    public int DeviceAloneFrames { get; init; }

    /// <summary>Mean of the frames for which all on the server was chosen and nothing else ran; null where there was none, so that it is not known.</summary>
    public double? ServerAloneMs { get; init; }

    /// <summary>Frames of which <see cref="ServerAloneMs"/> is the mean.</summary>
    public int ServerAloneFrames { get; init; }

    /// <summary>Part of the results that an exit gave, 0 to 1; left out without exits.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExitShare { get; init; }

    /// <summary>Mean of what the variants that answered are expected to be right in; left out without a family.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MeanAccuracy { get; init; }

    /// <summary>Sums up at least one frame.</summary>
    /// <param name="model">The file.</param>
    /// <param name="policy">Who chose.</param>
    /// <param name="frames">The frames that had a result.</param>
    /// <param name="missed">How many had none.</param>
    public static RunSummaryLine Of(string model, string policy, IReadOnlyList<FrameLine> frames, int missed)
    {
        double[] totals = [.. frames.Select(static f => f.TotalMs).Order()];
        // A race costs more than either side alone, and a frame that the device had to rescue has waited first.
        double[] device = [.. frames.Where(static f => f.IsDeviceAlone).Select(static f => f.TotalMs)];
        double[] server = [.. frames.Where(static f => f.Source == "server" && !f.Raced).Select(static f => f.TotalMs)];
        return new(model, policy, totals.Length, totals.Average(), At(0.5), At(0.95), At(0.99), frames.Sum(static f => f.BytesSent))
        {
            Missed = missed,
            Late = frames.Count(static frame => frame.Late is true) is > 0 and var late ? late : null,
            DeviceShare = ShareOf("device"),
            SplitShare = ShareOf("split"),
            ServerShare = ShareOf("server"),
            DeviceAloneMs = device.Length > 0 ? device.Average() : null,
            DeviceAloneFrames = device.Length,
            ServerAloneMs = server.Length > 0 ? server.Average() : null,
            ServerAloneFrames = server.Length,
            ExitShare = frames.Any(static frame => frame.Exit is not null) ? frames.Count(static frame => frame.Exit > 0) / (double)frames.Count : null,
            MeanAccuracy = frames.Average(static frame => frame.Accuracy),
        };

        // The smallest total that the given share of frames does not exceed.
        double At(double share) => totals[Math.Max(0, (int)Math.Ceiling(share * totals.Length) - 1)];

        double ShareOf(string source) => frames.Count(f => f.Source == source) / (double)frames.Count;
    }
}
