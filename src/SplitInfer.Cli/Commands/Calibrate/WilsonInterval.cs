namespace SplitInfer.Cli.Commands.Calibrate;

/// <summary>Between which shares of all samples that there could be the true one lies, given the share among those that were tried: Wilson's interval, with 95 % confidence.</summary>
/// <param name="Low">The smallest share, 0 to 1.</param>
/// <param name="High">The largest share, 0 to 1.</param>
internal readonly record struct WilsonInterval(double Low, double High)
{
    // Of a normal distribution 95 % lies within so many standard deviations.
    private const double Deviations = 1.959963984540054;

    /// <summary>The interval for a share that was found.</summary>
    /// <param name="share">0 to 1.</param>
    /// <param name="samples">Among how many; at least 1.</param>
    public static WilsonInterval Of(double share, int samples)
    {
        const double Squared = Deviations * Deviations;
        var middle = share + Squared / (2 * samples);
        var half = Deviations * Math.Sqrt(share * (1 - share) / samples + Squared / (4.0 * samples * samples));
        var whole = 1 + Squared / samples;
        return new(Math.Max(0, (middle - half) / whole), Math.Min(1, (middle + half) / whole));
    }

    /// <summary>The fewest samples that can show a share with this confidence: those where all agree. Null for a share of 1, which none can show.</summary>
    public static long? SamplesFor(double share) => share >= 1 ? null : Math.Max(1, (long)Math.Ceiling(share * Deviations * Deviations / (1 - share)));
}
