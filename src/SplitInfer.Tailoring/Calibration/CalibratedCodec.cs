using SplitInfer.Calibration;
using SplitInfer.Partitioning;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>What one codec did to all samples at one partition.</summary>
/// <param name="Entry">What a calibration keeps of it.</param>
/// <param name="Accuracy">Part of the samples, 0 to 1, that get the right class with the codec; null where that is not known.</param>
/// <param name="PlainAccuracy">Part of the samples, 0 to 1, that get the right class without one; null where that is not known.</param>
public sealed record CalibratedCodec(CalibrationEntry Entry, double? Accuracy, double? PlainAccuracy);

/// <summary>What all codecs did at one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Codecs">What each did, in the order of <see cref="CalibrationOptions.Codecs"/>.</param>
public sealed record CalibratedCut(Partition Partition, IReadOnlyList<CalibratedCodec> Codecs);
