using SplitInfer.Calibration;
using SplitInfer.Partitioning;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>The effect of one codec on all samples at one partition.</summary>
/// <param name="Entry">The entry for the calibration file.</param>
/// <param name="Accuracy">Fraction of the samples, 0 to 1, that are classified correctly with the codec; null if unknown.</param>
/// <param name="PlainAccuracy">Fraction of the samples, 0 to 1, that are classified correctly without a codec; null if unknown.</param>
public sealed record CalibratedCodec(CalibrationEntry Entry, double? Accuracy, double? PlainAccuracy);

/// <summary>The effects of all codecs at one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Codecs">The result of each codec, in the order of <see cref="CalibrationOptions.Codecs"/>, without those that suit none of its values.</param>
public sealed record CalibratedCut(Partition Partition, IReadOnlyList<CalibratedCodec> Codecs);
