namespace SplitInfer.Tailoring.Evaluation;

/// <summary>
/// What a share in a sample says of the share in all: the exact one-sided bound of Clopper and Pearson (1934). The bound p is the share at which
/// so many successes or more, or so few or fewer, would have a probability of 1 − confidence.
/// </summary>
public static class BinomialBound
{
    // Halvings until the bound is exact to the last bit that matters.
    private const int Halvings = 60;

    /// <summary>The share that the true one is at least, with the given confidence.</summary>
    /// <param name="successes">Successes in the sample, 0 to <paramref name="samples"/>.</param>
    /// <param name="samples">Size of the sample; at least 1.</param>
    /// <param name="confidence">Confidence, between 0 and 1.</param>
    public static double Lower(long successes, long samples, double confidence = 0.95)
    {
        Check(successes, samples, confidence);
        if (successes == 0) return 0;
        // P(X >= s | p) = I_p(s, n - s + 1), which rises with p.
        return Solve(p => Beta(p, successes, samples - successes + 1) < 1 - confidence);
    }

    /// <summary>The share that the true one is at most, with the given confidence.</summary>
    /// <inheritdoc cref="Lower"/>
    public static double Upper(long successes, long samples, double confidence = 0.95) => 1 - Lower(samples - successes, samples, confidence);

    private static void Check(long successes, long samples, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, samples);
        if (!(confidence is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence));
    }

    private static double Solve(Func<double, bool> isBelow)
    {
        double low = 0, high = 1;
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            if (isBelow(middle)) low = middle;
            else high = middle;
        }

        return low;
    }

    /// <summary>The regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz and Stegun, 26.5.8), evaluated by Lentz's method.</summary>
    private static double Beta(double x, double a, double b)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        // The fraction converges fast below the mean only.
        if (x > (a + 1) / (a + b + 2)) return 1 - Beta(1 - x, b, a);
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x))) / a;
        const double Tiny = 1e-300;
        double c = 1, d = 0, fraction = 1;
        for (var i = 0; i < 10_000; i++)
        {
            var m = i / 2;
            var numerator = i == 0 ? 1
                : i % 2 == 0 ? m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)))
                : -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 + (numerator * d);
            d = 1 / (Math.Abs(d) < Tiny ? Tiny : d);
            c = 1 + (numerator / c);
            if (Math.Abs(c) < Tiny) c = Tiny;
            fraction *= c * d;
            if (i > 0 && Math.Abs(1 - (c * d)) < 1e-15) break;
        }

        return front * (fraction - 1);
    }

    /// <summary>ln Γ(x) for x ≥ 1 by Stirling's series, raised to where it is exact.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 12; x++) shift += Math.Log(x);
        var inverse = 1 / (x * x);
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + ((1 / 12.0 - (inverse * (1 / 360.0 - (inverse * (1 / 1260.0 - (inverse / 1680.0)))))) / x) - shift;
    }
}
