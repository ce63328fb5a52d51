using SplitInfer.Calibration;

namespace SplitInfer.Cli.Calibration;

/// <summary>What one codec did to all samples at one partition.</summary>
/// <param name="Entry">What is kept.</param>
/// <param name="Accuracy">Part of the samples that get the right class with the codec; null where that is not known.</param>
/// <param name="PlainAccuracy">Part of the samples that get the right class without one; null where that is not known.</param>
internal sealed record CalibratedCodec(CalibrationEntry Entry, double? Accuracy, double? PlainAccuracy);
