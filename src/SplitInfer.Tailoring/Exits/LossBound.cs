using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// The threshold of exits and what it loses. Let D of a sample be the highest confidence of an exit that answers otherwise than the model; the loss at threshold λ,
/// R(λ) = P(D ≥ λ), falls with λ, and is at least what any choice among the exits loses. The upper bound of Clopper and Pearson of R(λ) from n samples of which k have
/// D ≥ λ depends on k alone, so the lowest λ down to which the bound stays within the loss allowed is just above the (k + 1)-th highest D, where k is the
/// most errors that the bound allows. Since R is monotone, that R(λ) exceeds the loss has a probability of 1 − confidence at most, whatever the distribution,
/// ties included (Bates et al., Distribution-Free, Risk-Controlling Prediction Sets, 2021; it is Learn-then-Test with a fixed sequence of hypotheses).
/// </summary>
internal static class LossBound
{
    // So many errors are expected where there is none every other time: ln 2.
    private const double MedianOfNone = 0.69;

    /// <summary>The name of the bound in the file.</summary>
    public const string Name = "ClopperPearson";

    /// <summary>The most errors among samples with which the loss is still shown; −1 where even none does not show it.</summary>
    public static int MostErrors(int samples, double maxLoss, double confidence)
    {
        var errors = -1;
        while (errors + 1 < samples && BinomialBound.Upper(errors + 1, samples, confidence) <= maxLoss) errors++;
        return errors;
    }

    /// <summary>The fewest samples that show a loss where none of them is an error.</summary>
    public static long FewestSamples(double maxLoss, double confidence)
    {
        var samples = (long)Math.Ceiling(Math.Log(1 - confidence) / Math.Log(1 - maxLoss));
        // The bound is computed otherwise, and what is shown must agree with it.
        while (samples < int.MaxValue && BinomialBound.Upper(0, samples, confidence) > maxLoss) samples++;
        return samples;
    }

    /// <summary>The least loss that so many samples can show.</summary>
    public static double LeastLoss(int samples, double confidence) => BinomialBound.Upper(0, samples, confidence);

    /// <summary>The true loss at which so many samples show what is allowed every other time: where the median of their errors is the most that the bound allows.</summary>
    public static double LikelyLoss(int samples, double maxLoss, double confidence) => (MostErrors(samples, maxLoss, confidence) + MedianOfNone) / samples;

    /// <summary>The threshold.</summary>
    /// <param name="wrong">D of every sample: the highest confidence of a wrong answer; negative where there is none.</param>
    /// <param name="maxLoss">The loss allowed.</param>
    /// <param name="confidence">How sure that has to be.</param>
    /// <returns>The confidence from which on exits answer; above 1 where none may.</returns>
    public static double Threshold(ReadOnlySpan<double> wrong, double maxLoss, double confidence)
    {
        var most = MostErrors(wrong.Length, maxLoss, confidence);
        if (most < 0) return double.PositiveInfinity;
        double[] highest = [.. wrong];
        Array.Sort(highest);
        return most < highest.Length && highest[^(most + 1)] >= 0 ? Math.BitIncrement(highest[^(most + 1)]) : 0;
    }
}
