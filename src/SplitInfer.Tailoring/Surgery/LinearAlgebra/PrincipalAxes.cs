using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Surgery.LinearAlgebra;

/// <summary>
/// Eigenvectors and eigenvalues of a symmetric matrix without negative ones, the largest first: M = L·Lᵀ by Cholesky, then rotations of pairs of rows of L until all
/// are orthogonal (one-sided Jacobi). Immutable.
/// </summary>
/// <param name="Axes">By rank: the eigenvector.</param>
/// <param name="Values">By rank: the eigenvalue.</param>
internal sealed record PrincipalAxes(double[][] Axes, double[] Values)
{
    private const int MostSweeps = 30;
    private const double Tolerance = 1e-7;
    private const double LeastRidge = 1e-9;
    private const double MostRidge = 1e-3;

    /// <summary>Decomposes a matrix.</summary>
    /// <param name="matrix">The matrix, of which the lower triangle is read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static PrincipalAxes Of(double[][] matrix, CancellationToken cancellationToken)
    {
        var size = matrix.Length;
        var trace = Enumerable.Range(0, size).Sum(i => matrix[i][i]);
        var rows = FactorOf(matrix, trace, cancellationToken);
        double[][] axes = [.. Enumerable.Range(0, size).Select(i =>
        {
            var axis = new double[size];
            axis[i] = 1;
            return axis;
        })];
        for (var sweep = 0; sweep < MostSweeps && Sweep(rows, axes, trace, cancellationToken); sweep++) { }
        var order = Enumerable.Range(0, size).OrderByDescending(i => TensorPrimitives.SumOfSquares<double>(rows[i])).ToArray();
        return new([.. order.Select(i => axes[i])], [.. order.Select(i => TensorPrimitives.SumOfSquares<double>(rows[i]))]);
    }

    /// <summary>The factor L. What rounding took from the smallest eigenvalues is added again to all.</summary>
    private static double[][] FactorOf(double[][] matrix, double trace, CancellationToken cancellationToken)
    {
        for (var ridge = LeastRidge; ridge <= MostRidge; ridge *= 10)
        {
            double[][] rows = [.. matrix.Select((row, i) => (double[])[.. row[..(i + 1)], .. new double[matrix.Length - i - 1]])];
            for (var i = 0; i < rows.Length; i++) rows[i][i] += (ridge * trace / rows.Length) + 1e-300;
            if (Cholesky.Of(rows, cancellationToken) is not null) return rows;
        }

        throw new InvalidOperationException("The matrix has negative eigenvalues.");
    }

    /// <summary>Rotates every pair of rows that is not orthogonal; each row in a pair of its own at a time.</summary>
    private static bool Sweep(double[][] rows, double[][] axes, double trace, CancellationToken cancellationToken)
    {
        var size = rows.Length + (rows.Length % 2);
        var rotated = 0;
        // The order of a round robin: in each of its rounds no two pairs have a row in common.
        for (var round = 0; round < size - 1; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var turn = round;
            Parallel.For(0, size / 2, pair =>
            {
                var (left, right) = pair == 0 ? (turn, size - 1) : ((turn + pair) % (size - 1), (turn - pair + size - 1) % (size - 1));
                if (Math.Max(left, right) < rows.Length && Rotate(rows, axes, left, right, trace)) Interlocked.Increment(ref rotated);
            });
        }

        return rotated > 0;
    }

    private static bool Rotate(double[][] rows, double[][] axes, int left, int right, double trace)
    {
        double[] a = rows[left], b = rows[right];
        var (aa, bb, ab) = (TensorPrimitives.SumOfSquares<double>(a), TensorPrimitives.SumOfSquares<double>(b), TensorPrimitives.Dot<double>(a, b));
        if (Math.Abs(ab) <= Math.Max(Tolerance * Math.Sqrt(aa * bb), 1e-16 * trace)) return false;
        var ratio = (bb - aa) / (2 * ab);
        var tangent = (ratio < 0 ? -1 : 1) / (Math.Abs(ratio) + Math.Sqrt(1 + (ratio * ratio)));
        var cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
        Turn(a, b, cosine, cosine * tangent);
        Turn(axes[left], axes[right], cosine, cosine * tangent);
        return true;
    }

    private static void Turn(Span<double> a, Span<double> b, double cosine, double sine)
    {
        for (var i = 0; i < a.Length; i++) (a[i], b[i]) = ((cosine * a[i]) - (sine * b[i]), (sine * a[i]) + (cosine * b[i]));
    }
}
