using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>How models are evaluated.</summary>
public sealed class EvaluationOptions
{
    /// <summary>The right class of each sample; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>How models are run. One thread by default.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1, UseSharedThreadPool = false };

    /// <summary>Rounds of timing, in each of which models run in turn; at least 3. 15 by default. A model that was timed for four times <see cref="TimingBudget"/> takes part in no more than 3.</summary>
    public int TimingRounds { get; set; } = 15;

    /// <summary>The least time that each model is timed for. 0.5 s by default.</summary>
    public TimeSpan TimingBudget { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>What makes two models agree on a sample. By the class where the only output is one row of scores, by all outputs elsewhere, by default.</summary>
    public AgreementKind Agreement { get; set; }

    /// <summary>Where agreement is by outputs: how alike each has to be, 1 − ‖a − b‖²/(‖a‖² + ‖b‖²), 0 to 1. 0.99 by default. Whole numbers have to be the same.</summary>
    public double AgreeingLikeness { get; set; } = 0.99;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        Execution.Validate();
        if (TimingRounds < 3) throw new ArgumentException($"{nameof(TimingRounds)} is {TimingRounds}; it is at least 3.");
        if (!Enum.IsDefined(Agreement)) throw new ArgumentException($"{nameof(Agreement)} is {Agreement}, which is no kind.");
        if (!(AgreeingLikeness is >= 0 and <= 1)) throw new ArgumentException($"{nameof(AgreeingLikeness)} is {AgreeingLikeness}; it is between 0 and 1.");
        if (TimingBudget < TimeSpan.Zero) throw new ArgumentException($"{nameof(TimingBudget)} is {TimingBudget}; it is not negative.");
    }
}

/// <summary>What makes two models agree on a sample.</summary>
public enum AgreementKind
{
    /// <summary>The class where the only output is one row of scores or labels are given, all outputs elsewhere.</summary>
    Automatic,

    /// <summary>The class: the place of the largest element of the first output.</summary>
    Classes,

    /// <summary>All outputs, which is right for features and measurements.</summary>
    Outputs,
}
