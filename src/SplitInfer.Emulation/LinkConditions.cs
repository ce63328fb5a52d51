namespace SplitInfer.Emulation;

/// <summary>What a link is like.</summary>
/// <param name="Mbps">Bandwidth of each direction in Mbit/s (10⁶ bits a second), more than 0; infinite where only the round trip takes time.</param>
/// <param name="RoundTrip">Time of an empty message to the server and back, on top of what the real connection takes; 0 or more.</param>
public sealed record LinkConditions(double Mbps, TimeSpan RoundTrip)
{
    /// <summary>A link that takes no time of its own.</summary>
    public static LinkConditions Unlimited { get; } = new(double.PositiveInfinity, TimeSpan.Zero);

    /// <summary>Time that a number of bytes takes to pass in one direction, without the round trip.</summary>
    /// <param name="bytes">How many bytes.</param>
    public TimeSpan TransferTime(long bytes) => TimeSpan.FromSeconds(bytes * 8 / (Mbps * 1e6));

    /// <summary>Checks the conditions.</summary>
    /// <returns>The conditions.</returns>
    /// <exception cref="ArgumentOutOfRangeException">They are not those of a link.</exception>
    internal LinkConditions Checked()
    {
        if (!(Mbps > 0)) throw new ArgumentOutOfRangeException(nameof(Mbps), Mbps, "The bandwidth of a link is more than 0 Mbit/s. Use double.PositiveInfinity for one that is not limited.");
        if (RoundTrip < TimeSpan.Zero || RoundTrip > LongestRoundTrip)
            throw new ArgumentOutOfRangeException(nameof(RoundTrip), RoundTrip, $"The round trip of a link takes 0 to {LongestRoundTrip.TotalMinutes:0} minutes.");
        return this;
    }

    private static TimeSpan LongestRoundTrip { get; } = TimeSpan.FromMinutes(10);
}

/// <summary>Conditions that last for a while.</summary>
/// <param name="Duration">How long.</param>
/// <param name="Conditions">What the link is like in that time.</param>
public sealed record LinkPhase(TimeSpan Duration, LinkConditions Conditions);
