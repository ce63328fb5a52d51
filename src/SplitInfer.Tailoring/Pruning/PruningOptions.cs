using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>How channels are removed.</summary>
public sealed class PruningOptions
{
    /// <summary>Share of the multiply-accumulates of convolutions and products that is to go, above 0 and below 1. 0.3 by default.</summary>
    public double Share { get; set; } = 0.3;

    /// <summary>Share of the channels of a layer that stays at least, 0 to 1. 0.25 by default.</summary>
    public double LeastKept { get; set; } = 0.25;

    /// <summary>Whether the layers behind are repaired on the samples. True by default.</summary>
    public bool Repairs { get; set; } = true;

    /// <summary>How the model is run on the samples.</summary>
    public ExecutionOptions Execution { get; set; } = new();

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!(Share is > 0 and < 1)) throw new ArgumentException($"{nameof(Share)} is {Share}; it is above 0 and below 1.");
        if (!(LeastKept is >= 0 and <= 1)) throw new ArgumentException($"{nameof(LeastKept)} is {LeastKept}; it is between 0 and 1.");
        Execution.Validate();
    }
}
