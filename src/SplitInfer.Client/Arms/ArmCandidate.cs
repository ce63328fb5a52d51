using System.Collections.Immutable;
using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Codecs.ZeroBitmap;
using SplitInfer.Codecs.ZeroBitmapEntropy;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Client.Arms;

/// <summary>A partition with a codec that may carry its boundary, and what that is expected to take.</summary>
/// <param name="Partition">Where the model is cut.</param>
/// <param name="Codec">Name of the codec.</param>
/// <param name="PayloadBits">Bits of the payloads.</param>
/// <param name="EncodeSeconds">s on the device.</param>
/// <param name="DecodeSeconds">s on the server.</param>
internal sealed record ArmCandidate(Partition Partition, string Codec, double PayloadBits, double EncodeSeconds, double DecodeSeconds)
{
    /// <summary>More arms than this for each server take long to learn of, however often each would win. A family has variants to choose among as well.</summary>
    public const int MaxArms = 31, MaxArmsOfFamily = 63;

    /// <summary>Multiply-accumulates that a node costs beside its own.</summary>
    private const double NodeMacs = 50e3;

    /// <summary>The variant, by its place in the family; 0 without one.</summary>
    public int Variant { get; init; }

    /// <summary>Expected accuracy of the variant with the codec, 0 to 1.</summary>
    public double Accuracy { get; init; } = 1;

    /// <summary>The setting of the exit on the partition; null where none is asked.</summary>
    public ArmExit? Exit { get; init; }

    /// <summary>The same, where the exit on the partition answers what it can.</summary>
    /// <param name="exit">How it answers.</param>
    public ArmCandidate With(ArmExit exit) => this with { Exit = exit, Accuracy = Accuracy * exit.Quality };

    /// <summary>The candidate that runs a variant on the device.</summary>
    public static ArmCandidate OnDevice(ArmVariant variant, int place, string codec) =>
        new(variant.Partitions[^1], codec, PayloadBits: 0, EncodeSeconds: 0, DecodeSeconds: 0) { Variant = place, Accuracy = variant.Accuracy };

    /// <summary>Leaves the candidates that can win. A candidate that is slower than another in every circumstance would only cost exploration.</summary>
    /// <param name="candidates">The candidates, by variant and rising partition.</param>
    /// <param name="variants">The variants, the main one first.</param>
    public static IReadOnlyList<ArmCandidate> Prune(IReadOnlyList<ArmCandidate> candidates, ImmutableArray<ArmVariant> variants)
    {
        // Which arms there are must not depend on what this device measures, or saved state would not fit the next run.
        var main = WorkOf(variants[0].Partitions[^1]);
        var work = new HeadProfile([.. variants.Select((variant, place) =>
        {
            var all = WorkOf(variant.Partitions[^1]);
            var scale = place > 0 && all > 0 && variant.RelativeSeconds is { } relative ? relative * main / all : 1;
            return ImmutableArray.CreateRange(variant.Partitions, p => scale * WorkOf(p));
        })]);
        // The place of a candidate stands for its codec, so that it is found again.
        var kept = ArmPruning.Prune(
        [
            .. candidates.Select(static (candidate, place) => candidate.Describe(place, codec: place, server: 0)),
            .. variants.Select((variant, place) => OnDevice(variant, place, "")).Skip(1).Append(OnDevice(variants[0], 0, ""))
                .Select((onDevice, place) => onDevice.Describe(candidates.Count + place, codec: 0, Arm.OnDevice)),
        ], work, variants.Length > 1 ? MaxArmsOfFamily : MaxArms);
        return [.. kept.SkipLast(variants.Length).Select(arm => candidates[arm.Arm.Codec])];
    }

    /// <summary>What a policy starts from.</summary>
    /// <param name="index">Place of the arm.</param>
    /// <param name="codec">Place of the codec.</param>
    /// <param name="server">The server, or <see cref="Arm.OnDevice"/>.</param>
    public ArmDescription Describe(int index, int codec, int server) => new()
    {
        Arm = new(index, Variant, Partition.Index, codec, Exit?.Setting ?? 0, server),
        PayloadBits = PayloadBits,
        Accuracy = Accuracy,
        ExitRate = Exit?.Rate ?? 0,
        ExitSeconds = Exit?.Seconds ?? 0,
        EncodeSeconds = EncodeSeconds,
        DecodeSeconds = DecodeSeconds,
        TailMacs = [Partition.Tail.Conv.Macs, Partition.Tail.MatMul.Macs, Partition.Tail.Other.Macs],
        TailNodes = [Partition.Tail.Conv.Nodes, Partition.Tail.MatMul.Nodes, Partition.Tail.Other.Nodes],
    };

    private static double WorkOf(Partition partition) => partition.Head.Macs + (NodeMacs * partition.Head.Nodes);
}

/// <summary>The codecs that a calibration says keep results as good as asked for, and those that lose nothing.</summary>
/// <param name="calibration">What was measured.</param>
/// <param name="codecs">What the client knows.</param>
/// <param name="minAgreement">How much of the results must stay the same, 0 to 1.</param>
internal sealed class CalibratedCodecCosts(ModelCalibration calibration, CodecRegistry codecs, double minAgreement)
{
    private readonly ILookup<int, CalibrationEntry> _byPartition = calibration.Entries.ToLookup(static entry => entry.Partition);

    /// <summary>What may carry the boundary of a partition; nothing where it was not calibrated.</summary>
    public IEnumerable<ArmCandidate> Of(Partition partition)
    {
        foreach (var entry in _byPartition[partition.Index])
        {
            if (!codecs.TryGet(entry.Codec, out var codec) || (!codec.IsLossless && !entry.IsWithin(minAgreement))) continue;
            yield return new(
                partition, entry.Codec, Math.Max(entry.PayloadBytes * 8, 1), Seconds(partition, entry.EncodeGBs), Seconds(partition, entry.DecodeGBs))
            {
                Accuracy = codec.IsLossless ? 1 : Math.Clamp(entry.Agreement ?? 1 - entry.OutputError, 0, 1),
            };
        }
    }

    private static double Seconds(Partition partition, double gigabytesPerSecond) =>
        gigabytesPerSecond > 0 ? partition.BoundaryBytes / (gigabytesPerSecond * 1e9) : 0;
}

/// <summary>
/// Lossless codecs for boundaries on which no codec was measured. The sizes and times are estimates, which the first request that takes the
/// arm corrects.
/// </summary>
internal static class AssumedCodecCosts
{
    // Half of what a layer yields is zero behind a ReLU, and pooling repeats much of the rest. Inputs are dense, but seldom use all bits.
    private const double BehindLayers = 1.8, BehindLayersEntropy = 2.2, InputsEntropy = 1.3;

    private const double OtherRatio = 1.2, OtherBytesPerSecond = 0.5e9;

    private const double CopyBytesPerSecond = 10e9, BitmapBytesPerSecond = 15e9, EntropyBytesPerSecond = 1e9;

    /// <summary>What may carry the boundary of a partition.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="codecs">What the client knows. Of lossless codecs that nobody has measured less is expected than of those that are known well.</param>
    public static IEnumerable<ArmCandidate> Of(Partition partition, CodecRegistry codecs)
    {
        double bytes = partition.BoundaryBytes;
        var isInput = partition.Head.Nodes == 0;
        yield return Make(RawCodec.CodecName, 1, CopyBytesPerSecond);
        if (!isInput) yield return Make(ZeroBitmapCodec.CodecName, BehindLayers, BitmapBytesPerSecond);
        yield return Make(ZeroBitmapEntropyCodec.CodecName, isInput ? InputsEntropy : BehindLayersEntropy, EntropyBytesPerSecond);
        foreach (var codec in codecs.All)
            if (codec.IsLossless && partition.Boundary.Any(codec.Suits) && codec.Name is not (RawCodec.CodecName or ZeroBitmapCodec.CodecName or ZeroBitmapEntropyCodec.CodecName)) yield return Make(codec.Name, OtherRatio, OtherBytesPerSecond);

        ArmCandidate Make(string codec, double ratio, double bytesPerSecond) =>
            new(partition, codec, Math.Max(bytes * 8 / ratio, 1), bytes / bytesPerSecond, bytes / bytesPerSecond);
    }
}
