namespace SplitInfer.Client.Policies.Learning;

/// <summary>What is left of a standard normal distribution once it is known to be above a bound.</summary>
/// <param name="Mean">Its mean.</param>
/// <param name="Variance">Its variance, below 1.</param>
internal readonly record struct TruncatedNormal(double Mean, double Variance)
{
    /// <summary>The normal distribution above <paramref name="bound"/> standard deviations.</summary>
    public static TruncatedNormal Above(double bound)
    {
        if (bound < -6) return new(0, 1);
        var hazard = Hazard(bound);
        return new(hazard, Math.Clamp(1 + (hazard * (bound - hazard)), 0, 1));
    }

    // φ(x) / (1 − Φ(x))
    private static double Hazard(double x)
    {
        // Far out the quotient of two vanishing numbers is replaced by its asymptotic expansion.
        if (x > 6) return x + (1 / x) - (2 / (x * x * x));
        var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        return density / UpperTail(x, density);
    }

    // 1 − Φ(x), Abramowitz and Stegun 26.2.17; absolute error below 1e-7.
    private static double UpperTail(double x, double density)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        var tail = density * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x >= 0 ? tail : 1 - tail;
    }
}
