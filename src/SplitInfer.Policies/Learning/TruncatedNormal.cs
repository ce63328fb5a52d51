namespace SplitInfer.Policies.Learning;

/// <summary>What is left of a standard normal distribution once it is known to be above a bound.</summary>
/// <param name="Mean">Its mean.</param>
/// <param name="Variance">Its variance, below 1.</param>
/// <param name="Probability">How much of the whole is left.</param>
internal readonly record struct TruncatedNormal(double Mean, double Variance, double Probability)
{
    /// <summary>The normal distribution above <paramref name="bound"/> standard deviations.</summary>
    public static TruncatedNormal Above(double bound)
    {
        if (bound < -6) return new(0, 1, 1);
        var density = Math.Exp(-bound * bound / 2) / Math.Sqrt(2 * Math.PI);
        // φ/(1 − Φ); far out the quotient of two vanishing numbers is replaced by its asymptotic expansion.
        var hazard = bound > 6 ? bound + (1 / bound) - (2 / (bound * bound * bound)) : density / UpperTail(bound, density);
        return new(hazard, Math.Clamp(1 + (hazard * (bound - hazard)), 0, 1), density / hazard);
    }

    // 1 − Φ(x), Abramowitz and Stegun 26.2.17; absolute error below 1e-7.
    private static double UpperTail(double x, double density)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        var tail = density * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x >= 0 ? tail : 1 - tail;
    }
}
