namespace SplitInfer.Client.Policies.EpsilonGreedy;

/// <summary>The knobs of <see cref="EpsilonGreedyPolicy"/>.</summary>
internal sealed class EpsilonGreedyOptions
{
    /// <summary>Probability of a random arm, 0 to 1; 0.1 by default.</summary>
    public double Epsilon { get; init; } = 0.1;

    /// <summary>A starts at this multiple of the identity. More than 0; 0.01 by default.</summary>
    public double Prior { get; init; } = 0.01;

    public static EpsilonGreedyOptions From(PolicyOptions options) => new()
    {
        Epsilon = options.Number("epsilon", 0.1, min: 0, max: 1),
        Prior = options.Number("prior", 0.01, min: double.Epsilon),
    };
}
