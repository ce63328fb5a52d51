namespace VideoStream.Simulated;

/// <summary>A link as frames meet it.</summary>
/// <param name="BitsPerSecond">Bandwidth towards the server; infinite where only the round trip takes time.</param>
/// <param name="RoundTrip">Time of an empty message to the server and back.</param>
internal sealed record LinkConditions(double BitsPerSecond, TimeSpan RoundTrip)
{
    /// <summary>A link that takes no time.</summary>
    public static LinkConditions Unlimited { get; } = new(double.PositiveInfinity, TimeSpan.Zero);
}

/// <summary>Conditions that last for a while.</summary>
/// <param name="Duration">How long.</param>
/// <param name="Conditions">The link during that time.</param>
internal sealed record LinkPhase(TimeSpan Duration, LinkConditions Conditions);
