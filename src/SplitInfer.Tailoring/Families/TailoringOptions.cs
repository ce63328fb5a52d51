using SplitInfer.Execution;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Statistics;

namespace SplitInfer.Tailoring.Families;

/// <summary>How a family is made.</summary>
public sealed class TailoringOptions
{
    private const int MostMixedVariants = 16;

    /// <summary>The right class of each sample; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>
    /// The most samples that ranges are taken from. 128 by default; at most half of the samples, since a variant is judged by the others. With fewer than 4 samples,
    /// all are used for both.
    /// </summary>
    public int RangeSamples { get; set; } = 128;

    /// <summary>
    /// What the values of the model were elsewhere, as <see cref="ModelTailor.Collect"/> gives it, added up where it comes from several devices; null (the default) to collect it here. Ranges
    /// are then taken from it, nearly all samples judge, and variants that need samples to be made with are not made.
    /// </summary>
    public SampleStatistics? Statistics { get; set; }

    /// <summary>Samples by which the sensitivity of each product is found. 8 by default.</summary>
    public int SensitivitySamples { get; set; } = 8;

    /// <summary>The most variants of int8 that are tried with sensitive products in float32, 0 to 16; each keeps twice as many as the one before. 4 by default.</summary>
    public int MaxMixedVariants { get; set; } = 4;

    /// <summary>
    /// How sure it has to be that the variant that is taken for a target agrees as often as that asks, between 0.5 and 1; 0.75 by default. The more, the more
    /// samples it takes. What is left to chance is shared by all variants that may be tried.
    /// </summary>
    public double PromiseConfidence { get; set; } = 0.75;

    /// <summary>Threads with which variants are judged and compared; targets have their own. 1 by default.</summary>
    public int Threads { get; set; } = 1;

    /// <summary>The engine and how it runs, but for threads. Null for the defaults.</summary>
    public ExecutionOptions? Execution { get; set; }

    /// <summary>How often and how long models are timed, and what makes them agree. Its labels have to be left out, and its execution is not used: both are given here.</summary>
    public EvaluationOptions Timing { get; set; } = new();

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        Timing.Validate();
        Execution?.Validate();
        if (Timing.Labels is not null) throw new ArgumentException($"{nameof(Timing)} has labels; give them as {nameof(TailoringOptions)}.{nameof(Labels)}.");
        if (Threads is < 1 or > ExecutionOptions.MaxThreads) throw new ArgumentException($"{nameof(Threads)} is {Threads}; it is 1 to {ExecutionOptions.MaxThreads}.");
        if (RangeSamples < 1) throw new ArgumentException($"{nameof(RangeSamples)} is {RangeSamples}; it is at least 1.");
        if (SensitivitySamples < 1) throw new ArgumentException($"{nameof(SensitivitySamples)} is {SensitivitySamples}; it is at least 1.");
        if (MaxMixedVariants is < 0 or > MostMixedVariants) throw new ArgumentException($"{nameof(MaxMixedVariants)} is {MaxMixedVariants}; it is 0 to {MostMixedVariants}.");
        if (!(PromiseConfidence is >= 0.5 and < 1)) throw new ArgumentException($"{nameof(PromiseConfidence)} is {PromiseConfidence}; it is at least 0.5 and below 1.");
    }

    internal ExecutionOptions ExecutionOf(int threads) => (Execution ?? new()).WithThreads(threads);
}
