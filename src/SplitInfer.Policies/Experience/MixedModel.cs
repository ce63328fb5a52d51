using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Experience;

/// <summary>
/// What ratings are expected of a user of this device: y = φᵀθ + φ_Sᵀu + noise, with θ common to all users and u this user's own taste, which is
/// drawn around 0 (a linear mixed model; Laird and Ware, Biometrics 1982). Few ratings hardly move u, many do. Not thread-safe.
/// </summary>
/// <remarks>
/// All precisions are in units of the noise's. Others' statistics, with their taste integrated out, say something of θ alone, this device's of both:
/// <code>
/// P = [ Λ_θ + A_others + A    A·S        ]      r = [ Λ_θ·θ₀ + b_others + b ]
///     [ A_S·                  Λ_u + A_SS ]          [ b_S                  ]
/// (θ, u) ~ N(P⁻¹r, σ²P⁻¹)
/// </code>
/// </remarks>
internal sealed class MixedModel
{
    private const int D = FeatureMap.Dimension;

    /// <summary>Below this, rounding of the sums of many ratings could leave a matrix that has no factor.</summary>
    private const double LeastPrecision = 1e-8;

    private readonly int _n = D + FeatureMap.Taste.Length;
    private readonly double _noise;
    private readonly double _priorPrecision;
    private readonly double[] _tastePrecision;
    private readonly double[] _precision;
    private readonly double[] _factor;
    private readonly double[] _next;
    private readonly double[] _mean;
    private readonly double[] _scratch;

    public MixedModel(ExperienceOptions options)
    {
        _noise = options.RatingDeviation;
        _priorPrecision = Precision(_noise, options.PriorDeviation);
        _tastePrecision = TastePrecisionOf(options);
        (_precision, _factor, _next) = (new double[_n * _n], new double[_n * _n], new double[_n * _n]);
        (_mean, _scratch) = (new double[_n], new double[_n]);
    }

    /// <summary>The diagonal of Λ_u.</summary>
    public ReadOnlySpan<double> TastePrecision => _tastePrecision;

    /// <summary>The diagonal of Λ_u by the options.</summary>
    public static double[] TastePrecisionOf(ExperienceOptions options) =>
        [.. FeatureMap.Taste.Select(feature => Precision(options.RatingDeviation, feature == 0 ? options.LevelDeviation : options.TasteDeviation))];

    /// <summary>Makes it anew from all statistics. Where they are not those of ratings, as what a fleet sends may be, nothing changes and it returns false.</summary>
    /// <param name="others">Statistics of the other devices.</param>
    /// <param name="own">The statistics of this device.</param>
    public bool TryFit(ExperienceStatistics others, RatingSums own)
    {
        var taste = FeatureMap.Taste;
        FillCommon(_precision, _n, others.A);
        for (var i = 0; i < D; i++)
        {
            for (var j = 0; j <= i; j++) _precision[(i * _n) + j] += own.A[(i * D) + j];
            _scratch[i] = (_priorPrecision * FeatureMap.PriorMean[i]) + others.B[i] + own.B[i];
        }

        for (var i = 0; i < taste.Length; i++)
        {
            var row = _precision.AsSpan((D + i) * _n, _n);
            own.A.Slice(taste[i] * D, D).CopyTo(row);
            for (var j = 0; j <= i; j++) row[D + j] = own.A[(taste[i] * D) + taste[j]] + (i == j ? _tastePrecision[i] : 0);
            _scratch[D + i] = own.B[taste[i]];
        }

        if (!Cholesky.TryFactor(_precision, _next, _n)) return false;
        _next.CopyTo(_factor, 0);
        Cholesky.Solve(_factor, _scratch, _n);
        _scratch.CopyTo(_mean, 0);
        return true;
    }

    /// <summary>The expected rating.</summary>
    public double Mean(ReadOnlySpan<double> phi)
    {
        var sum = Dot(phi, _mean.AsSpan(0, D));
        var taste = FeatureMap.Taste;
        for (var i = 0; i < taste.Length; i++) sum += phi[taste[i]] * _mean[D + i];
        return sum;
    }

    /// <summary>The standard deviation of what is expected for features φ, or for a difference of two.</summary>
    public double Deviation(ReadOnlySpan<double> phi)
    {
        var taste = FeatureMap.Taste;
        phi.CopyTo(_scratch);
        for (var i = 0; i < taste.Length; i++) _scratch[D + i] = phi[taste[i]];
        SolveLower(_factor, _scratch, _n);
        return _noise * Math.Sqrt(Dot(_scratch, _scratch));
    }

    /// <summary>ln det of what all devices together know of θ; not a number where the statistics are not those of ratings. Allocates.</summary>
    public double LogDeterminant(ExperienceStatistics all)
    {
        var (a, factor) = (new double[D * D], new double[D * D]);
        FillCommon(a, D, all.A);
        if (!Cholesky.TryFactor(a, factor, D)) return double.NaN;
        var sum = 0.0;
        for (var i = 0; i < D; i++) sum += 2 * Math.Log(factor[(i * D) + i]);
        return sum;
    }

    /// <summary>Solves L·x = b in place, L lower triangular.</summary>
    public static void SolveLower(ReadOnlySpan<double> l, Span<double> x, int d)
    {
        for (var i = 0; i < d; i++) x[i] = (x[i] - Dot(l.Slice(i * d, i), x[..i])) / l[(i * d) + i];
    }

    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    // The lower half is enough for the factor.
    private void FillCommon(double[] target, int stride, ReadOnlySpan<double> packed)
    {
        var at = 0;
        for (var i = 0; i < D; i++)
        {
            for (var j = 0; j <= i; j++) target[(i * stride) + j] = packed[at++];
            target[(i * stride) + i] += _priorPrecision;
        }
    }

    private static double Precision(double noise, double deviation) => Math.Max(noise / deviation * (noise / deviation), LeastPrecision);
}
