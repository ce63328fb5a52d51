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
    /// <summary>More arms than this for each server take long to learn of, however often each would win.</summary>
    public const int MaxArms = 31;

    /// <summary>Multiply-accumulates that a node costs beside its own.</summary>
    private const double NodeMacs = 50e3;

    /// <summary>Leaves the candidates that can win. A candidate that is slower than another in every circumstance would only cost exploration.</summary>
    /// <param name="candidates">The candidates, by rising partition.</param>
    /// <param name="partitions">All partitions of the plan; the last one runs everything on the device.</param>
    public static IReadOnlyList<ArmCandidate> Prune(IReadOnlyList<ArmCandidate> candidates, IReadOnlyList<Partition> partitions)
    {
        // Which arms there are must not depend on what was measured, or saved state would not fit the next run.
        var work = new HeadProfile([.. partitions.Select(static p => p.Head.Macs + (NodeMacs * p.Head.Nodes))]);
        var onDevice = new ArmCandidate(partitions[^1], "", PayloadBits: 0, EncodeSeconds: 0, DecodeSeconds: 0);
        // The place of a candidate stands for its codec, so that it is found again.
        var kept = ArmPruning.Prune([.. candidates.Select(static (candidate, place) => candidate.Describe(place, codec: place, server: 0)), onDevice.Describe(candidates.Count, codec: 0, Arm.OnDevice)], work, MaxArms);
        return [.. kept.SkipLast(1).Select(arm => candidates[arm.Arm.Codec])];
    }

    /// <summary>What a policy starts from.</summary>
    /// <param name="index">Place of the arm.</param>
    /// <param name="codec">Place of the codec.</param>
    /// <param name="server">The server, or <see cref="Arm.OnDevice"/>.</param>
    public ArmDescription Describe(int index, int codec, int server) => new()
    {
        Arm = new(index, Variant: 0, Partition.Index, codec, Exit: 0, server),
        PayloadBits = PayloadBits,
        EncodeSeconds = EncodeSeconds,
        DecodeSeconds = DecodeSeconds,
        TailMacs = [Partition.Tail.Conv.Macs, Partition.Tail.MatMul.Macs, Partition.Tail.Other.Macs],
        TailNodes = [Partition.Tail.Conv.Nodes, Partition.Tail.MatMul.Nodes, Partition.Tail.Other.Nodes],
    };
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
                partition, entry.Codec, Math.Max(entry.PayloadBytes * 8, 1), Seconds(partition, entry.EncodeGBs), Seconds(partition, entry.DecodeGBs));
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
