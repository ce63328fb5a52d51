using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Experience;

/// <summary>Whether statistics can be the share of one device, of which more is known than of a sum. Stateless.</summary>
/// <remarks>
/// <see cref="RatingSums.WithoutTaste"/> can be undone: with S the features of taste, Λ the precision of what users differ by and ' for what is shared,
/// <code>
/// A'_SS = Λ − Λ(Λ + A_SS)⁻¹Λ ⪯ Λ       X = Λ(Λ − A'_SS)⁻¹ = (Λ + A_SS)Λ⁻¹
/// A_·S  = A'_·S·Xᵀ                      A = A' + A'_·S·Λ⁻¹·A_S·
/// b_S   = X·b'_S                        b = b' + A'_·S·Λ⁻¹·b_S
/// </code>
/// The sums of the ratings themselves must then be possible: A_00 is their weight, since φ_0 is 1, and b_0 is Σwy, which is no less than Σwy².
/// </remarks>
internal static class DeviceShare
{
    private const int D = FeatureMap.Dimension;

    /// <summary>What single precision and undoing may add to a sum, as a part of the weight, and at least. A thousand ratings are off by a thousandth.</summary>
    private const double Slack = 0.01, Least = 0.01;

    /// <summary>Whether ratings of one user can have given the statistics.</summary>
    /// <param name="share">Statistics that <see cref="PossibleSums"/> holds possible.</param>
    /// <param name="precision">The diagonal of Λ.</param>
    public static bool IsPossible(ExperienceStatistics share, ReadOnlySpan<double> precision)
    {
        var weight = share.Weight;
        var slack = Least + (Slack * weight);
        var count = 0.0;
        foreach (var signal in share.Signals)
        {
            count += signal.Count;
            if (!signal.IsPossible(slack)) return false;
        }

        if (count > weight + slack || Undo(share, precision) is not var (a, b) || Math.Abs(a[0] - weight) > slack || !(b[0] >= -slack && b[0] <= weight + slack)) return false;
        for (var i = 1; i < D; i++)
            if (At(a, i, i) > weight + slack) return false;
        return PossibleSums.Are(a, b, b[0] + slack, a, b[0] + slack, Slack);
    }

    // A by rows, as far as the diagonal, and b, as they were before taste was taken out; null where they cannot have been.
    private static (double[] A, double[] B)? Undo(ExperienceStatistics share, ReadOnlySpan<double> precision)
    {
        var taste = FeatureMap.Taste;
        var s = taste.Length;
        var (left, factor) = (new double[s * s], new double[s * s]);
        for (var i = 0; i < s; i++)
            for (var j = 0; j < s; j++) left[(i * s) + j] = (i == j ? precision[i] : 0) - At(share.A, taste[i], taste[j]);
        if (!Cholesky.TryFactor(left, factor, s)) return null;

        // Column by column (Λ − A'_SS)⁻¹·A'_S·, and of b'_S; Λ cancels in the products.
        var undone = new double[(D + 1) * s];
        for (var column = 0; column <= D; column++)
        {
            var v = undone.AsSpan(column * s, s);
            for (var i = 0; i < s; i++) v[i] = column == D ? share.B[taste[i]] : At(share.A, taste[i], column);
            Cholesky.Solve(factor, v, s);
        }

        var (a, b) = (share.A.ToArray(), share.B.ToArray());
        for (var (i, at) = (0, 0); i < D; i++)
        {
            for (var j = 0; j <= i; j++, at++) a[at] += Product(i, j);
            b[i] += Product(i, D);
        }

        return (a, b);

        double Product(int row, int column)
        {
            var sum = 0.0;
            for (var k = 0; k < s; k++) sum += At(share.A, row, taste[k]) * undone[(column * s) + k];
            return sum;
        }
    }

    private static double At(ReadOnlySpan<double> packed, int i, int j) => i >= j ? packed[(i * (i + 1) / 2) + j] : packed[(j * (j + 1) / 2) + i];
}
