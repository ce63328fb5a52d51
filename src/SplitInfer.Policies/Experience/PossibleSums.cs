using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Experience;

/// <summary>Whether numbers can be those of ratings. Stateless.</summary>
/// <remarks>
/// Sums over ratings y from 0 to 1 with weights w make
/// <code>
/// M = [ A    b  ]
///     [ bᵀ   Σw ]
/// </code>
/// positive semidefinite, since Σwy² ≤ Σw; taking a user's taste out, and adding, keeps that. It bounds every |b_i| by √(A_ii·Σw), so that nothing pulls at a
/// feature of which no rating says anything. Where no taste was taken out, Σwy² ≤ Σwy = b_0 may stand in the corner.
/// </remarks>
internal static class PossibleSums
{
    /// <summary>What a server that keeps its sum in single precision may be off by, as a part of the squares.</summary>
    private const double Slack = 1e-4;

    /// <summary>Squares below this are rounding, whatever weight is claimed; so is a number of signals below 0 by this part.</summary>
    private const double Least = 1e-6;

    private const int N = FeatureMap.Dimension + 1;

    /// <summary>Whether ratings can have given the sums. Allocates.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="of">What they are a part of, whose rounding they have; themselves where they are a part of nothing.</param>
    public static bool Are(ExperienceStatistics sums, ExperienceStatistics of)
    {
        for (var i = 0; i < SignalStatistics.Signals; i++)
            if (sums.Signals[i].Count < -Least * (1 + of.Signals[i].Count)) return false;
        return Are(sums.A, sums.B, sums.Weight, of.A, of.Weight, Slack);
    }

    /// <summary>Whether M is positive semidefinite. Allocates.</summary>
    /// <param name="a">A by rows, as far as the diagonal.</param>
    /// <param name="b">b.</param>
    /// <param name="corner">What stands in the corner.</param>
    /// <param name="squares">A of what these sums are a part of.</param>
    /// <param name="weight">The corner of that.</param>
    /// <param name="slack">What rounding may take off the squares, as a part of them.</param>
    public static bool Are(ReadOnlySpan<double> a, ReadOnlySpan<double> b, double corner, ReadOnlySpan<double> squares, double weight, double slack)
    {
        Span<double> scale = stackalloc double[N];
        for (var i = 0; i < N - 1; i++) scale[i] = Scale(squares[(i * (i + 1) / 2) + i]);
        scale[N - 1] = Scale(weight);
        var (m, factor) = (new double[N * N], new double[N * N]);
        for (var (i, at) = (0, 0); i < N; i++)
        {
            for (var j = 0; j <= i; j++) m[(i * N) + j] = (i < N - 1 ? a[at++] : j < i ? b[j] : corner) * scale[i] * scale[j];
            m[(i * N) + i] += slack;
        }

        return Cholesky.TryFactor(m, factor, N);

        static double Scale(double square) => 1 / Math.Sqrt(Math.Max(square, Least));
    }
}
