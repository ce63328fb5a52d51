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
/// feature of which no rating says anything.
/// </remarks>
internal static class PossibleSums
{
    /// <summary>What a server that keeps its sum in single precision may be off by, as a part of the squares.</summary>
    private const double Slack = 1e-4;

    /// <summary>Squares below this, and below this part of a thousandth of the weight, are rounding; so is a number of signals below 0 by this part.</summary>
    private const double Least = 1e-6;

    private const int N = FeatureMap.Dimension + 1;

    /// <summary>Whether ratings can have given M. Allocates.</summary>
    /// <param name="sums">Holds M.</param>
    /// <param name="of">What it is a part of, whose rounding it has; itself where it is a part of nothing.</param>
    public static bool Are(ExperienceStatistics sums, ExperienceStatistics of)
    {
        for (var i = 0; i < SignalStatistics.Signals; i++)
            if (sums.Signals[i].Count < -Least * (1 + of.Signals[i].Count)) return false;
        Span<double> scale = stackalloc double[N];
        for (var i = 0; i < N - 1; i++) scale[i] = Scale(of.A[(i * (i + 1) / 2) + i]);
        scale[N - 1] = Scale(of.Weight);
        var (m, factor) = (new double[N * N], new double[N * N]);
        for (var (i, at) = (0, 0); i < N; i++)
        {
            for (var j = 0; j <= i; j++) m[(i * N) + j] = (i < N - 1 ? sums.A[at++] : j < i ? sums.B[j] : sums.Weight) * scale[i] * scale[j];
            m[(i * N) + i] += Slack;
        }

        return Cholesky.TryFactor(m, factor, N);

        double Scale(double square) => 1 / Math.Sqrt(Math.Max(square, Least * (1 + (of.Weight / 1000))));
    }
}
