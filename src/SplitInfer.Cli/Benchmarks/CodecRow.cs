using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>One line of <c>bench codec</c>: what a codec, or a compression tool of this machine, makes of the boundary of one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Codec">Name of the codec, or the tool's command.</param>
/// <param name="Ratio">Bytes of the boundary over bytes of the payloads.</param>
/// <param name="EncodeGBs">10^9 bytes of the boundary encoded in a second on one thread.</param>
/// <param name="DecodeGBs">10^9 bytes of the boundary decoded in a second on one thread.</param>
/// <param name="BitsPerValue">Bits of the payloads for each element.</param>
/// <param name="MaxAbsError">The largest difference of a decoded element; 0 where the codec is lossless.</param>
/// <param name="Psnr">Peak signal to noise ratio in dB, the peak being the range of the elements; null where nothing differs.</param>
internal sealed record CodecRow(int Partition, string Codec, double Ratio, double EncodeGBs, double DecodeGBs, double BitsPerValue, double MaxAbsError, double? Psnr)
{
    /// <summary>The line about a codec that was measured at a partition.</summary>
    public static CodecRow Of(int partition, CodecMeasurement measured) => new(
        partition, measured.Codec, (double)measured.Bytes / measured.PayloadBytes, measured.EncodeGBs, measured.DecodeGBs, measured.PayloadBytes * 8.0 / measured.Elements,
        measured.MaxAbsError, measured.Psnr);
}
