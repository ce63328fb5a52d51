using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Factorization;

/// <summary>How weights are factorised.</summary>
public sealed class LowRankOptions
{
    /// <summary>Share of the variance of what a layer yields that it keeps at least, above 0 and at most 1. 0.99 by default.</summary>
    public double Energy { get; set; } = 0.99;

    /// <summary>The most multiply-accumulates of the two layers as a share of those of the one, above 0 and at most 1: two cost a little more than their sum. 0.85 by default.</summary>
    public double MostCost { get; set; } = 0.85;

    /// <summary>How the model is run on samples.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!(Energy is > 0 and <= 1)) throw new ArgumentException($"{nameof(Energy)} is {Energy}; it is above 0 and at most 1.");
        if (!(MostCost is > 0 and <= 1)) throw new ArgumentException($"{nameof(MostCost)} is {MostCost}; it is above 0 and at most 1.");
        Execution.Validate();
    }
}
