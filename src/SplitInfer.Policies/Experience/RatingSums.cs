using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Experience;

/// <summary>The statistics of one device while ratings come: A = Σ w·φφᵀ and b = Σ w·y·φ, d×d row-major and d. Not thread-safe.</summary>
internal sealed class RatingSums
{
    private const int D = FeatureMap.Dimension;

    /// <summary>What rounding may add to a sum, as a part of it.</summary>
    private const double Rounding = 1e-6;

    private readonly double[] _a = new double[D * D];
    private readonly double[] _b = new double[D];

    /// <summary>Σ w.</summary>
    public double Weight { get; private set; }

    /// <summary>A.</summary>
    public ReadOnlySpan<double> A => _a;

    /// <summary>b.</summary>
    public ReadOnlySpan<double> B => _b;

    /// <summary>Adds a rating.</summary>
    /// <param name="phi">φ, each from −1 to 1.</param>
    /// <param name="rating">y, 0 to 1.</param>
    /// <param name="weight">w, 0 to 1.</param>
    public void Add(ReadOnlySpan<double> phi, double rating, double weight)
    {
        Weight += weight;
        for (var i = 0; i < D; i++)
        {
            var scaled = weight * phi[i];
            _b[i] += scaled * rating;
            for (var j = 0; j < D; j++) _a[(i * D) + j] += scaled * phi[j];
        }
    }

    /// <summary>Leaves a part of all weights.</summary>
    public void Forget(double part)
    {
        Weight *= part;
        foreach (ref var number in _a.AsSpan()) number *= part;
        foreach (ref var number in _b.AsSpan()) number *= part;
    }

    /// <summary>
    /// The statistics with level and taste of the user integrated out: with S the features of taste and Λ the precision of what users differ by,
    /// A − A·S(Λ + A_SS)⁻¹A_S· and b − A·S(Λ + A_SS)⁻¹b_S. What ratings say of all users is left.
    /// </summary>
    /// <param name="precision">The diagonal of Λ.</param>
    /// <param name="signals">Ratings beside signals, which are passed on.</param>
    public ExperienceStatistics WithoutTaste(ReadOnlySpan<double> precision, ReadOnlySpan<SignalStatistics> signals)
    {
        var taste = FeatureMap.Taste;
        var s = taste.Length;
        Span<double> own = stackalloc double[s * s];
        Span<double> factor = stackalloc double[s * s];
        for (var i = 0; i < s; i++)
            for (var j = 0; j < s; j++) own[(i * s) + j] = _a[(taste[i] * D) + taste[j]] + (i == j ? precision[i] : 0);
        Cholesky.TryFactor(own, factor, s);

        // Rows of L⁻¹A_S· and L⁻¹b_S: what is taken off are their products.
        var rows = new double[(D + 1) * s];
        for (var column = 0; column <= D; column++)
        {
            var row = rows.AsSpan(column * s, s);
            for (var i = 0; i < s; i++) row[i] = column == D ? _b[taste[i]] : _a[(taste[i] * D) + column];
            MixedModel.SolveLower(factor, row, s);
        }

        var (a, b) = (new double[ExperienceStatistics.Packed], new double[D]);
        var at = 0;
        for (var i = 0; i < D; i++)
        {
            var row = rows.AsSpan(i * s, s);
            for (var j = 0; j <= i; j++) a[at++] = _a[(i * D) + j] - MixedModel.Dot(row, rows.AsSpan(j * s, s));
            a[at - 1] = Math.Max(0, a[at - 1]);
            b[i] = _b[i] - MixedModel.Dot(row, rows.AsSpan(D * s, s));
        }

        return new(a, b, [.. signals], Weight);
    }

    /// <summary>Writes all sums.</summary>
    public void Save(PolicyStateWriter state)
    {
        state.Write(Weight);
        for (var i = 0; i < D; i++) state.Write(_a.AsSpan(i * D, i + 1));
        state.Write(_b);
    }

    // Others leave a precision matrix without a factor, and a model that learns nothing any more.
    private void RequirePossible()
    {
        var packed = new double[ExperienceStatistics.Packed];
        for (var (i, at) = (0, 0); i < D; i++)
            for (var j = 0; j <= i; j++) packed[at++] = _a[(i * D) + j];
        if (!PossibleSums.Are(packed, _b, Weight, packed, Weight, Rounding)) throw new PolicyStateException("The saved policy state holds sums that no ratings give. Delete the file to start afresh.");
    }

    /// <exception cref="PolicyStateException">The numbers are not those of sums of ratings.</exception>
    public static RatingSums Restore(PolicyStateReader state)
    {
        var sums = new RatingSums { Weight = state.Read(0, 1e12) };
        var limit = sums.Weight * (1 + Rounding) + Rounding;
        for (var i = 0; i < D; i++)
        {
            state.Read(sums._a.AsSpan(i * D, i), -limit, limit);
            sums._a[(i * D) + i] = state.Read(0, limit);
            for (var j = 0; j < i; j++) sums._a[(j * D) + i] = sums._a[(i * D) + j];
        }

        state.Read(sums._b, -limit, limit);
        sums.RequirePossible();
        return sums;
    }
}
