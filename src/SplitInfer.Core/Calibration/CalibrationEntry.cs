namespace SplitInfer.Calibration;

/// <summary>What one codec does to a model that is cut at one partition, over all samples.</summary>
public sealed record CalibrationEntry
{
    /// <summary>The partition.</summary>
    public required int Partition { get; init; }

    /// <summary>Name of the codec.</summary>
    public required string Codec { get; init; }

    /// <summary>Bytes of all boundaries over bytes of all payloads.</summary>
    public required double Ratio { get; init; }

    /// <summary>Fraction of the samples, 0 to 1, for which the largest element of the first output stays the same; null if the model is no classifier.</summary>
    public required double? Agreement { get; init; }

    /// <summary>
    /// Root of the mean squared difference of an output divided by the root of its mean square, over all samples; the largest if there are
    /// several outputs. 0 if nothing differs, infinite if an output is not finite, or is not 0 although all of it should be.
    /// </summary>
    public required double OutputError { get; init; }

    /// <summary>10^9 bytes of the boundary encoded in a second on one thread of the machine that calibrated.</summary>
    public required double EncodeGBs { get; init; }

    /// <summary>10^9 bytes of the boundary decoded in a second on one thread of the machine that calibrated.</summary>
    public required double DecodeGBs { get; init; }

    /// <summary>Bytes of the payloads of one sample, on average.</summary>
    public required double PayloadBytes { get; init; }

    /// <summary>Whether the results agree well enough: the agreement or, if the model is not a classifier, 1 minus the output error, is at least the given minimum.</summary>
    /// <param name="minAgreement">0 to 1.</param>
    public bool IsWithin(double minAgreement) => (Agreement ?? 1 - OutputError) >= minAgreement;
}
