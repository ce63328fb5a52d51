namespace SplitInfer.Policies.Quality;

/// <summary>The knobs of a <see cref="QualityController"/>. Immutable. A value out of range throws <see cref="ArgumentOutOfRangeException"/> when the controller is made.</summary>
public sealed class QualityControllerOptions
{
    /// <summary>Requests that run at a time on the node, at least 1. 1 by default.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Share of the node's time that requests may take in the mean, above 0 to 1. 0.97 by default.</summary>
    public double TargetUtilization { get; init; } = 0.97;

    /// <summary>By what part of itself the price scatters from request to request, so that the mean cost can lie between those of two settings; 0 to below 1. 0.1 by default.</summary>
    public double PriceSpread { get; init; } = 0.1;

    /// <summary>Waiting requests that a choice must not make late, 0 to 32. 12 by default; with 0 nobody is waited for.</summary>
    public int SlackRequests { get; init; } = 12;

    /// <summary>The share of late answers that a node aims at where it can be reached, above 0 to below 1: the smaller, the more time is kept free for what may come. 0.0002 by default.</summary>
    public double MissTarget { get; init; } = 0.0002;

    /// <summary>How long a price holds when no other one comes; then the node moves it itself. 3 s by default.</summary>
    public TimeSpan PriceLifetime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How fast a node moves its price: the change of its logarithm in a second for each part by which utilization differs from the target, above 0. 1 by default.</summary>
    public double PriceRate { get; init; } = 1;

    /// <summary>The part of the mean accuracy that each user of the usual weight has at least, where the price alone would leave it less; 0 to 1. 0.97 by default.</summary>
    public double LeastUserShare { get; init; } = 0.97;

    internal void Validate()
    {
        Require(Lanes is >= 1 and <= SlackRule.MaxLanes, nameof(Lanes), $"from 1 to {SlackRule.MaxLanes}");
        Require(TargetUtilization is > 0 and <= 1, nameof(TargetUtilization), "above 0 and at most 1");
        Require(PriceSpread is >= 0 and < 1, nameof(PriceSpread), "from 0 to below 1");
        Require(SlackRequests is >= 0 and <= SlackRule.MaxRequests, nameof(SlackRequests), $"from 0 to {SlackRule.MaxRequests}");
        Require(MissTarget is > 0 and < 1, nameof(MissTarget), "above 0 and below 1");
        Require(PriceLifetime > TimeSpan.Zero, nameof(PriceLifetime), "above zero");
        Require(PriceRate > 0 && double.IsFinite(PriceRate), nameof(PriceRate), "above 0");
        Require(LeastUserShare is >= 0 and <= 1, nameof(LeastUserShare), "from 0 to 1");
    }

    private static void Require(bool holds, string name, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, $"{name} must be {range}.");
    }
}
