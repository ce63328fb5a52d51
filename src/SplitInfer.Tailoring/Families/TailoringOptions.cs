using SplitInfer.Execution;
using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Families;

/// <summary>How a family is made.</summary>
public sealed class TailoringOptions
{
    /// <summary>The right class of each sample; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>
    /// The most samples that ranges are taken from. 128 by default; at most half of the samples, since a variant is judged by the others. With fewer than 4 samples,
    /// all are used for both.
    /// </summary>
    public int RangeSamples { get; set; } = 128;

    /// <summary>Samples by which the sensitivity of each product is found. 8 by default.</summary>
    public int SensitivitySamples { get; set; } = 8;

    /// <summary>The most variants of int8 that are tried with sensitive products in float32. 4 by default.</summary>
    public int MaxMixedVariants { get; set; } = 4;

    /// <summary>
    /// How sure it has to be that a variant agrees as often as a target asks, between 0.5 and 1; 0.75 by default. The more, the more
    /// samples it takes.
    /// </summary>
    public double PromiseConfidence { get; set; } = 0.75;

    /// <summary>The engine and how it runs; threads are those of each target. Null for the defaults.</summary>
    public ExecutionOptions? Execution { get; set; }

    /// <summary>How often and how long models are timed.</summary>
    public EvaluationOptions Timing { get; set; } = new();

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        Timing.Validate();
        if (RangeSamples < 1) throw new ArgumentException($"{nameof(RangeSamples)} is {RangeSamples}; it is at least 1.");
        if (SensitivitySamples < 1) throw new ArgumentException($"{nameof(SensitivitySamples)} is {SensitivitySamples}; it is at least 1.");
        if (MaxMixedVariants < 0) throw new ArgumentException($"{nameof(MaxMixedVariants)} is {MaxMixedVariants}; it is not negative.");
        if (!(PromiseConfidence is >= 0.5 and < 1)) throw new ArgumentException($"{nameof(PromiseConfidence)} is {PromiseConfidence}; it is at least 0.5 and below 1.");
    }
}
