namespace SplitInfer.Policies.Experience;

/// <summary>
/// What is known of a variant on this device before a session: what a user may notice of it. It has no identity, so that what was learned holds for
/// variants that are made later. What is null is unknown and takes no part in the choice.
/// </summary>
public readonly record struct VariantFeatures
{
    /// <summary>How many features <see cref="Write"/> gives.</summary>
    internal const int Count = 5;

    /// <summary>Which of the features are time and energy.</summary>
    internal const int Time = 2, Energy = 3;

    /// <summary>Accuracy, 0 to 1, such as agreement with the main variant.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Bytes of the variant's file.</summary>
    public double? Bytes { get; init; }

    /// <summary>Seconds that a request is expected to take with it on this device now, server and link included.</summary>
    public double? Seconds { get; init; }

    /// <summary>Energy of a request on the device in joules, or what stands for it, such as core-seconds times watts.</summary>
    public double? Joules { get; init; }

    /// <summary>Share of its recent requests on this device that were late, 0 to 1. A slow day spoils a good variant.</summary>
    public double? Lateness { get; init; }

    /// <summary>The features as fractions from 0 to 1; 0 where unknown or not finite.</summary>
    internal void Write(Span<double> z)
    {
        z[0] = Fraction(Accuracy);
        z[1] = LogFraction(Bytes, least: 1e5, decades: 4);
        z[Time] = LogFraction(Seconds, least: 0.01, decades: 3);
        z[Energy] = LogFraction(Joules, least: 1e-3, decades: 4);
        z[4] = Fraction(Lateness ?? 0);
    }

    private static double Fraction(double value) => double.IsFinite(value) ? Math.Clamp(value, 0, 1) : 0;

    private static double LogFraction(double? value, double least, double decades) =>
        value is { } known && known > 0 && double.IsFinite(known) ? Math.Clamp(Math.Log10(known / least) / decades, 0, 1) : 0;
}
