namespace SplitInfer.Policies.Learning;

/// <summary>Two quantities that are Gaussian together.</summary>
/// <param name="X">Mean of the first.</param>
/// <param name="Y">Mean of the second.</param>
/// <param name="VarianceX">Variance of the first.</param>
/// <param name="Covariance">Covariance of the two.</param>
/// <param name="VarianceY">Variance of the second, more than 0.</param>
internal readonly record struct GaussianPair(double X, double Y, double VarianceX, double Covariance, double VarianceY)
{
    /// <summary>Standard deviations beyond which nothing is.</summary>
    private const double Reach = 4;

    private const int Points = 24;

    /// <summary>Mean and covariance of what is left once both are known to be above zero.</summary>
    /// <remarks>
    /// <code>
    /// x | y   mean X + C/B·(y − Y), variance A − C²/B, cut off below zero
    /// y       by quadrature over where it may be, weighed by its density times P(x > 0 | y)
    /// </code>
    /// Where a measurement told the sum of x and a multiple of y, and nothing tells them apart, this keeps each from being more than
    /// the sum.
    /// </remarks>
    public GaussianPair AboveZero()
    {
        var deviation = Math.Sqrt(VarianceY);
        if (X > Reach * Math.Sqrt(VarianceX) && Y > Reach * deviation) return this;
        var slope = Covariance / VarianceY;
        var spread = Math.Sqrt(Math.Max(VarianceX - (slope * Covariance), 1e-6 * VarianceX));

        // Where y may be: above zero, near its mean, and where x is not far below zero.
        var (low, high) = (Math.Max(0, Y - (Reach * deviation)), Y + (Reach * deviation));
        var limit = Y - ((X + (Reach * spread)) / slope);
        if (slope < 0) high = Math.Min(high, limit);
        else if (slope > 0) low = Math.Max(low, limit);
        if (!(high > low)) return this;

        double sum = 0, sumX = 0, sumY = 0, sumXX = 0, sumXY = 0, sumYY = 0;
        for (var i = 0; i < Points; i++)
        {
            var y = low + ((high - low) * (i + 0.5) / Points);
            var z = (y - Y) / deviation;
            var expected = X + (slope * (y - Y));
            var above = TruncatedNormal.Above(-expected / spread);
            var x = expected + (above.Mean * spread);
            var weight = Math.Exp(-z * z / 2) * above.Probability;
            sum += weight;
            sumX += weight * x;
            sumY += weight * y;
            sumXX += weight * ((x * x) + (above.Variance * spread * spread));
            sumXY += weight * x * y;
            sumYY += weight * y * y;
        }

        if (!(sum > 0)) return this;
        var (meanX, meanY) = (sumX / sum, sumY / sum);
        return new(meanX, meanY, (sumXX / sum) - (meanX * meanX), (sumXY / sum) - (meanX * meanY), (sumYY / sum) - (meanY * meanY));
    }
}
