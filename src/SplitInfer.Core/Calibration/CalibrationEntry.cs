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

    /// <summary>Part of the samples, 0 to 1, for which the largest element of the first output stays the same; null where the model is no classifier.</summary>
    public required double? Agreement { get; init; }

    /// <summary>
    /// Root of the mean squared difference of an output over that of the output itself, of all samples together; of several outputs the
    /// largest. 0 where nothing differs, infinite where an output is lost altogether.
    /// </summary>
    public required double OutputError { get; init; }

    /// <summary>10^9 bytes of the boundary encoded in a second on one thread of the machine that calibrated.</summary>
    public required double EncodeGBs { get; init; }

    /// <summary>10^9 bytes of the boundary decoded in a second on one thread of the machine that calibrated.</summary>
    public required double DecodeGBs { get; init; }

    /// <summary>Bytes of the payloads of one sample, on average.</summary>
    public required double PayloadBytes { get; init; }

    /// <summary>Whether results stay as good as asked for: the agreement, or 1 less the output error where the model is no classifier.</summary>
    /// <param name="minAgreement">0 to 1.</param>
    public bool IsWithin(double minAgreement) => (Agreement ?? 1 - OutputError) >= minAgreement;
}
