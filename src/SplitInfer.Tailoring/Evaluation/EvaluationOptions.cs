using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>How models are evaluated.</summary>
public sealed class EvaluationOptions
{
    /// <summary>The right class of each sample; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>How models are run. One thread by default.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1, UseSharedThreadPool = false };

    /// <summary>Rounds of timing, in each of which every model runs in turn; at least 3. 15 by default.</summary>
    public int TimingRounds { get; set; } = 15;

    /// <summary>The least time that each model is timed for. 0.5 s by default.</summary>
    public TimeSpan TimingBudget { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>For models that are no classifiers: the cosine between outputs from which they count as agreeing, 0 to 1. 0.99 by default.</summary>
    public double AgreeingCosine { get; set; } = 0.99;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        Execution.Validate();
        if (TimingRounds < 3) throw new ArgumentException($"{nameof(TimingRounds)} is {TimingRounds}; it is at least 3.");
        if (!(AgreeingCosine is >= 0 and <= 1)) throw new ArgumentException($"{nameof(AgreeingCosine)} is {AgreeingCosine}; it is between 0 and 1.");
        if (TimingBudget < TimeSpan.Zero) throw new ArgumentException($"{nameof(TimingBudget)} is {TimingBudget}; it is not negative.");
    }
}
