namespace SplitInfer.Testing.Link;

/// <summary>What a link is like, the same in both directions.</summary>
/// <param name="BitsPerSecond">Bandwidth of each direction; infinite where the link only delays.</param>
/// <param name="Delay">How long a byte travels after it was sent: half a round trip.</param>
public sealed record LinkConditions(double BitsPerSecond, TimeSpan Delay)
{
    /// <summary>A link that neither shapes nor delays.</summary>
    public static LinkConditions Unlimited { get; } = new(double.PositiveInfinity, TimeSpan.Zero);

    /// <summary>Conditions as scenarios state them: Mbit/s and the round trip in milliseconds.</summary>
    public static LinkConditions Of(double mbps, double rttMs = 0) => new(mbps * 1e6, TimeSpan.FromMilliseconds(rttMs / 2));
}

/// <summary>Conditions that last a while.</summary>
/// <param name="Duration">How long.</param>
/// <param name="Conditions">What the link is like in that time.</param>
public sealed record LinkPhase(TimeSpan Duration, LinkConditions Conditions);
