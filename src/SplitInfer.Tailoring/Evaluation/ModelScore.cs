namespace SplitInfer.Tailoring.Evaluation;

/// <summary>What a model is worth: how good its answers are on samples, and what they cost. Immutable.</summary>
public sealed record ModelScore
{
    /// <summary>The confidence of all bounds.</summary>
    public const double Confidence = 0.95;

    /// <summary>The file, or the name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Number of samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Samples whose class is right; null without labels.</summary>
    public int? Right { get; init; }

    /// <summary>
    /// Samples whose result is that of the model compared with: the same class or, by <see cref="EvaluationOptions.Agreement"/>, outputs that are
    /// as alike as <see cref="EvaluationOptions.AgreeingLikeness"/> says.
    /// </summary>
    public required int Agreeing { get; init; }

    /// <summary>The mean over samples of the cosine between the outputs of both models, the least of all outputs.</summary>
    public required double Cosine { get; init; }

    /// <summary>Median time of a run, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>What three quarters of the runs took at most, s.</summary>
    public double UpperSeconds { get; init; }

    /// <summary>Bytes of the file and of its external data.</summary>
    public required long Bytes { get; init; }

    /// <summary>The share of right answers; null where <see cref="Right"/> is.</summary>
    public double? Top1 => (double?)Right / Samples;

    /// <summary>The lower bound of the share of right answers.</summary>
    public double? Top1Low => Right is { } right ? BinomialBound.Lower(right, Samples, Confidence) : null;

    /// <summary>The share of agreeing answers.</summary>
    public double Agreement => (double)Agreeing / Samples;

    /// <summary>The lower bound of the share of agreeing answers.</summary>
    public double AgreementLow => BinomialBound.Lower(Agreeing, Samples, Confidence);

    internal static ModelScore Of(string model, AnswerTally tally, RunTime time, long bytes) => new()
    {
        Model = model,
        Samples = tally.Samples,
        Right = tally.Right,
        Agreeing = tally.Agreeing,
        Cosine = tally.Cosine,
        Seconds = time.Median,
        UpperSeconds = time.UpperQuartile,
        Bytes = bytes,
    };
}
