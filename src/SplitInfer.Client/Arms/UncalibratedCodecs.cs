using SplitInfer.Codecs.Raw;
using SplitInfer.Codecs.ZeroBitmap;
using SplitInfer.Codecs.ZeroBitmapEntropy;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>
/// The codecs that lose nothing, where nobody has measured what they make of a boundary. What is guessed here is corrected by the
/// first request that takes the arm.
/// </summary>
internal static class UncalibratedCodecs
{
    // Half of what a layer yields is zero behind a ReLU, and pooling repeats much of the rest. Inputs are dense, but seldom use all bits.
    private const double BehindLayers = 1.8, BehindLayersEntropy = 2.2, InputsEntropy = 1.3;

    private const double CopyBytesPerSecond = 10e9, BitmapBytesPerSecond = 15e9, EntropyBytesPerSecond = 1e9;

    /// <summary>What may carry the boundary of a partition.</summary>
    public static IEnumerable<Candidate> Of(Partition partition)
    {
        double bytes = partition.BoundaryBytes;
        var isInput = partition.Head.Nodes == 0;
        yield return Make(RawCodec.CodecName, 1, CopyBytesPerSecond);
        if (!isInput) yield return Make(ZeroBitmapCodec.CodecName, BehindLayers, BitmapBytesPerSecond);
        yield return Make(ZeroBitmapEntropyCodec.CodecName, isInput ? InputsEntropy : BehindLayersEntropy, EntropyBytesPerSecond);

        Candidate Make(string codec, double ratio, double bytesPerSecond) =>
            new(partition, codec, Math.Max(bytes * 8 / ratio, 1), bytes / bytesPerSecond, bytes / bytesPerSecond);
    }
}
