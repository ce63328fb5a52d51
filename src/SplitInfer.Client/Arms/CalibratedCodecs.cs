using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>The codecs that a calibration says keep results as good as asked for, and those that lose nothing.</summary>
/// <param name="calibration">What was measured.</param>
/// <param name="codecs">What the client knows.</param>
/// <param name="minAgreement">How much of the results must stay the same, 0 to 1.</param>
internal sealed class CalibratedCodecs(ModelCalibration calibration, CodecRegistry codecs, double minAgreement)
{
    private readonly ILookup<int, CalibrationEntry> _byPartition = calibration.Entries.ToLookup(static entry => entry.Partition);

    /// <summary>What may carry the boundary of a partition; nothing where it was not calibrated.</summary>
    public IEnumerable<Candidate> Of(Partition partition)
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
