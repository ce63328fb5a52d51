namespace SplitInfer.Policies.Quality;

/// <summary>The knobs of a <see cref="QualityCoordinator"/>. Immutable. A value out of range throws <see cref="ArgumentOutOfRangeException"/> when the coordinator is made.</summary>
public sealed class QualityCoordinatorOptions
{
    /// <summary>Share of a node's time that requests may take in the mean, above 0 to 1. 0.97 by default.</summary>
    public double TargetUtilization { get; init; } = 0.97;

    /// <summary>By what part of itself nodes scatter the price, as <see cref="QualityControllerOptions.PriceSpread"/>; 0 to below 1. 0.1 by default.</summary>
    public double PriceSpread { get; init; } = 0.1;

    /// <summary>What is left of a report's rates after the next one, 0 to below 1. 0.6 by default: with a report a second, about 2 s are remembered.</summary>
    public double RateMemory { get; init; } = 0.6;

    /// <summary>Nodes that are remembered, at least 1. 1,000 by default.</summary>
    public int MaxNodes { get; init; } = 1000;

    internal void Validate()
    {
        Require(TargetUtilization is > 0 and <= 1, nameof(TargetUtilization), "above 0 and at most 1");
        Require(PriceSpread is >= 0 and < 1, nameof(PriceSpread), "from 0 to below 1");
        Require(RateMemory is >= 0 and < 1, nameof(RateMemory), "from 0 to below 1");
        Require(MaxNodes >= 1, nameof(MaxNodes), "at least 1");
    }

    private static void Require(bool holds, string name, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, $"{name} must be {range}.");
    }
}
