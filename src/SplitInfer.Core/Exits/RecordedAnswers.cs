using System.Collections.Immutable;

namespace SplitInfer.Exits;

/// <summary>
/// What exits answered to samples that nothing else was made with: how sure each was, and whether its answer was the model's. Other thresholds, for other losses
/// or loads, follow from it without the samples. Immutable.
/// </summary>
/// <remarks>
/// Confidence is kept as one of 32,768 levels, rounded down: level l stands for 1 − 2^(−l/512), so that what is near 1 is told apart. Where a threshold is one of these
/// values, a sample is on the same side of it by its level as by its confidence, so nothing that is derived from levels is off by the rounding.
/// </remarks>
public sealed class RecordedAnswers
{
    /// <summary>The most samples that are kept. Beyond that the first of them stand for all, since they are in no order.</summary>
    public const int MaxSamples = 8192;

    private const int Levels = 1 << 15;
    private const double LevelsPerHalving = 512;

    // Bit 0: whether the answer is the model's; above it the level.
    private readonly ImmutableArray<ushort[]> _answers;

    internal RecordedAnswers(ImmutableArray<ushort[]> answers) => _answers = answers;

    /// <summary>How many exits there are.</summary>
    public int Exits => _answers.Length;

    /// <summary>How many samples there are, the same for each exit.</summary>
    public int Samples => _answers[0].Length;

    /// <summary>Records answers.</summary>
    /// <param name="confidence">For each exit how sure it was of its answer to each sample, 0 to 1.</param>
    /// <param name="isAgreeing">For each exit whether that is the model's answer.</param>
    /// <exception cref="ArgumentException">There are no samples, or not as many for each exit.</exception>
    public static RecordedAnswers Of(IReadOnlyList<double[]> confidence, IReadOnlyList<bool[]> isAgreeing)
    {
        ArgumentNullException.ThrowIfNull(confidence);
        ArgumentNullException.ThrowIfNull(isAgreeing);
        if (confidence.Count == 0 || confidence[0].Length == 0) throw new ArgumentException("There are no answers; give at least one.", nameof(confidence));
        if (confidence.Concat<Array>(isAgreeing).Any(values => values.Length != confidence[0].Length) || confidence.Count != isAgreeing.Count)
            throw new ArgumentException("Each exit has an answer to each sample; give as many confidences and agreements for each.", nameof(isAgreeing));
        return new([.. confidence.Zip(isAgreeing, static (sure, agrees) => sure.Zip(agrees, static (c, a) => (ushort)((LevelOf(c) << 1) | (a ? 1 : 0))).Take(MaxSamples).ToArray())]);
    }

    /// <summary>How sure an exit was of its answer to a sample, rounded down to a level.</summary>
    public double ConfidenceOf(int exit, int sample) => ValueOf(_answers[exit][sample] >> 1);

    /// <summary>Whether an exit's answer to a sample is the model's.</summary>
    public bool IsAgreeing(int exit, int sample) => (_answers[exit][sample] & 1) != 0;

    /// <summary>The lowest threshold at which an answer of a recorded confidence does not leave any more; above 1 where there is none.</summary>
    public static double Above(double confidence) => LevelOf(confidence) is var level && level + 1 < Levels ? ValueOf(level + 1) : 2;

    internal ReadOnlySpan<ushort> Of(int exit) => _answers[exit];

    private static double ValueOf(int level) => 1 - Math.Pow(2, -level / LevelsPerHalving);

    private static int LevelOf(double confidence)
    {
        if (!(confidence > 0)) return 0;
        var level = confidence >= 1 ? Levels - 1 : Math.Clamp((int)(-Math.Log2(1 - confidence) * LevelsPerHalving), 0, Levels - 1);
        // The logarithm may be off in its last digits.
        while (level + 1 < Levels && ValueOf(level + 1) <= confidence) level++;
        while (level > 0 && ValueOf(level) > confidence) level--;
        return level;
    }
}
