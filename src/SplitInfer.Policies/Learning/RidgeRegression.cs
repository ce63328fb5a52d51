namespace SplitInfer.Policies.Learning;

/// <summary>
/// The linear model of LinUCB and μLinUCB: a delay is xᵀθ, and how sure that is follows from what was seen.
/// </summary>
/// <remarks>
/// Symbols, as in the papers:
/// <code>
/// d      features of an arm                             Dimension
/// x      features of the arm that was taken, d
/// y      its delay, s                                   "reward" in the papers
/// β      prior: A starts at βI                          prior
/// A      βI + Σ xxᵀ, d×d                                _a
/// A⁻¹    kept by rank-one updates (Sherman, Morrison)   _inverse
/// b      Σ x·y, d                                       _b
/// θ      A⁻¹b, d                                        _theta
/// </code>
/// Rounding errors of the rank-one updates add up, so every <see cref="UpdatesBetweenFactorings"/> of them A⁻¹ is made
/// afresh from A. Where A is not positive definite to working precision, as with features of very different size, the
/// updated inverse is the better one and stays. Not thread-safe.
/// </remarks>
internal sealed class RidgeRegression
{
    private const int UpdatesBetweenFactorings = 64;

    private readonly double[] _a;
    private readonly double[] _inverse;
    private readonly double[] _b;
    private readonly double[] _theta;
    private readonly double[] _factor;
    private readonly double[] _scratch;
    private int _updates;

    public RidgeRegression(int dimension, double prior)
    {
        Dimension = dimension;
        (_a, _inverse, _factor) = (new double[dimension * dimension], new double[dimension * dimension], new double[dimension * dimension]);
        (_b, _theta, _scratch) = (new double[dimension], new double[dimension], new double[dimension]);
        for (var i = 0; i < dimension; i++)
            (_a[(i * dimension) + i], _inverse[(i * dimension) + i]) = (prior, 1 / prior);
    }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>A, row-major.</summary>
    public ReadOnlySpan<double> A => _a;

    /// <summary>A⁻¹, row-major.</summary>
    public ReadOnlySpan<double> Inverse => _inverse;

    /// <summary>b.</summary>
    public ReadOnlySpan<double> B => _b;

    /// <summary>θ.</summary>
    public ReadOnlySpan<double> Theta => _theta;

    /// <summary>xᵀθ.</summary>
    public double Predict(ReadOnlySpan<double> x) => Dot(x, _theta);

    /// <summary>xᵀA⁻¹x: the variance of the prediction, in units of the noise's.</summary>
    public double Variance(ReadOnlySpan<double> x)
    {
        // A⁻¹ is symmetric, so that one half of it is enough.
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var row = _inverse.AsSpan(i * x.Length, x.Length);
            var above = 0.0;
            for (var j = i + 1; j < row.Length; j++) above += row[j] * x[j];
            sum += x[i] * ((row[i] * x[i]) + (2 * above));
        }

        return Math.Max(sum, 0);
    }

    /// <summary>A += xxᵀ, b += x·y.</summary>
    public void Update(ReadOnlySpan<double> x, double y)
    {
        var d = Dimension;
        for (var i = 0; i < d; i++)
        {
            _b[i] += x[i] * y;
            for (var j = 0; j < d; j++) _a[(i * d) + j] += x[i] * x[j];
        }

        if (++_updates % UpdatesBetweenFactorings != 0 || !TryInvert()) UpdateInverse(x);
        for (var i = 0; i < d; i++) _theta[i] = Dot(_inverse.AsSpan(i * d, d), _b);
    }

    // A⁻¹ −= (A⁻¹x)(A⁻¹x)ᵀ / (1 + xᵀA⁻¹x)
    private void UpdateInverse(ReadOnlySpan<double> x)
    {
        var d = Dimension;
        for (var i = 0; i < d; i++) _scratch[i] = Dot(_inverse.AsSpan(i * d, d), x);
        var divisor = 1 + Dot(_scratch, x);
        for (var i = 0; i < d; i++)
            for (var j = 0; j < d; j++) _inverse[(i * d) + j] -= _scratch[i] * _scratch[j] / divisor;
    }

    private bool TryInvert()
    {
        var d = Dimension;
        if (!Cholesky.TryFactor(_a, _factor, d)) return false;
        for (var column = 0; column < d; column++)
        {
            // A⁻¹ is symmetric, so its columns are its rows.
            var row = _inverse.AsSpan(column * d, d);
            row.Clear();
            row[column] = 1;
            Cholesky.Solve(_factor, row, d);
        }

        return true;
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }
}
