namespace SplitInfer.Policies.Experience;

/// <summary>
/// What is known of a variant on this device before a session: what a user may notice of it. It has no identity, so that what was learned holds for
/// variants that are made later. What is null, negative or not finite is unknown and takes no part in the choice: it counts as
/// in the mean of the other variants.
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

    /// <summary>The features as fractions from 0 to 1; 0 where unknown.</summary>
    internal void Write(Span<double> z)
    {
        for (var i = 0; i < Count; i++) z[i] = Fraction(i) is var known && double.IsNaN(known) ? 0 : known;
    }

    /// <summary>
    /// The same with what is unknown as it is in the mean of the variants where it is known, so that it speaks neither for this one nor against it; what is known of none stays unknown.
    /// </summary>
    internal VariantFeatures AmongOthers(ReadOnlySpan<VariantFeatures> variants) => new()
    {
        Accuracy = Fraction(0) is var known && double.IsNaN(known) ? Mean(variants, 0) ?? 0 : known,
        Bytes = Value(variants, 1, Bytes),
        Seconds = Value(variants, Time, Seconds),
        Joules = Value(variants, Energy, Joules),
        Lateness = double.IsNaN(Fraction(4)) ? Mean(variants, 4) : Lateness,
    };

    private double? Value(ReadOnlySpan<VariantFeatures> variants, int feature, double? own)
    {
        if (!double.IsNaN(Fraction(feature))) return own;
        var (least, decades) = RangeOf(feature);
        return Mean(variants, feature) is { } mean ? least * Math.Pow(10, mean * decades) : null;
    }

    private static double? Mean(ReadOnlySpan<VariantFeatures> variants, int feature)
    {
        var (sum, count) = (0.0, 0);
        foreach (var variant in variants)
            if (variant.Fraction(feature) is var known && !double.IsNaN(known)) (sum, count) = (sum + known, count + 1);
        return count > 0 ? sum / count : null;
    }

    private static (double Least, int Decades) RangeOf(int feature) => feature switch { 1 => (1e5, 4), Time => (0.01, 3), _ => (1e-3, 4) };

    // Not a number where it is unknown.
    private double Fraction(int feature)
    {
        var value = feature switch { 0 => Accuracy, 1 => Bytes, Time => Seconds, Energy => Joules, _ => Lateness } ?? double.NaN;
        if (!double.IsFinite(value)) return double.NaN;
        if (feature is 0 or 4) return Math.Clamp(value, 0, 1);
        var (least, decades) = RangeOf(feature);
        return value >= 0 ? Math.Clamp(Math.Log10(value / least) / decades, 0, 1) : double.NaN;
    }
}
