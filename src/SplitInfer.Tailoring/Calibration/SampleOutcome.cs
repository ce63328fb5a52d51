namespace SplitInfer.Tailoring.Calibration;

/// <summary>What one codec did to one sample.</summary>
/// <param name="PayloadBytes">Bytes of the payloads.</param>
/// <param name="Class">Index of the largest element of the model's first output; null if the head computes that output.</param>
/// <param name="Outputs">The difference of each output of the tail.</param>
internal readonly record struct SampleOutcome(long PayloadBytes, int? Class, OutputDifference[] Outputs);

/// <summary>What all codecs did to one sample.</summary>
/// <param name="BoundaryBytes">Bytes of the boundary.</param>
/// <param name="Class">The class without a codec.</param>
/// <param name="Codecs">An outcome for each codec.</param>
internal sealed record SampleOutcomes(long BoundaryBytes, int? Class, SampleOutcome[] Codecs);
