namespace SplitInfer.Exits;

/// <summary>
/// What exits may lose, and how that is known. The loss is the share of inputs that an exit answers otherwise than the model would have. It bounds the loss of accuracy,
/// since where both answer alike both are right or both are wrong. It holds for inputs like the samples, whichever of the exits are used.
/// </summary>
public sealed record ExitPromise
{
    /// <summary>The loss that was allowed, between 0 and 1.</summary>
    public required double MaxLoss { get; init; }

    /// <summary>The probability, over the draw of the samples, with which the true loss is at most <see cref="MaxLoss"/>; between 0 and 1.</summary>
    public required double Confidence { get; init; }

    /// <summary>The bound by which that was shown, such as <c>ClopperPearson</c>.</summary>
    public required string Bound { get; init; }

    /// <summary>Samples that heads were trained with.</summary>
    public required int TrainingSamples { get; init; }

    /// <summary>Samples by which weights were chosen and confidence was calibrated.</summary>
    public required int CalibrationSamples { get; init; }

    /// <summary>Samples that set the threshold and count for the bound. All three are different ones.</summary>
    public required int ThresholdSamples { get; init; }

    /// <summary>How many of the latter an exit answers otherwise than the model.</summary>
    public required int Errors { get; init; }

    /// <summary>The loss that is shown not to be exceeded: the upper bound that follows from <see cref="Errors"/>.</summary>
    public required double LossHigh { get; init; }

    /// <summary>The share of the samples of <see cref="ThresholdSamples"/> that leave early.</summary>
    public required double ExitRate { get; init; }
}
