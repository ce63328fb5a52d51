using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Surgery.LinearAlgebra;

/// <summary>The factor L of a symmetric, positive definite matrix A = L·Lᵀ, which solves A·x = b. Immutable once it is made.</summary>
internal sealed class Cholesky
{
    // Below this size threads cost more than they save.
    private const int LeastParallel = 256;

    private readonly double[][] _rows;

    private Cholesky(double[][] rows) => _rows = rows;

    /// <summary>Factorises a matrix in place.</summary>
    /// <param name="rows">The matrix, of which the lower triangle is read and overwritten.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The factor; null if the matrix is not positive definite in the precision of a double.</returns>
    public static Cholesky? Of(double[][] rows, CancellationToken cancellationToken = default)
    {
        for (var column = 0; column < rows.Length; column++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var pivot = rows[column];
            var square = pivot[column] - TensorPrimitives.SumOfSquares<double>(pivot.AsSpan(0, column));
            if (!(square > 0)) return null;
            var diagonal = pivot[column] = Math.Sqrt(square);
            var done = column;
            if (rows.Length - column < LeastParallel)
            {
                for (var row = column + 1; row < rows.Length; row++) Reduce(row);
            }
            else
            {
                Parallel.For(column + 1, rows.Length, Reduce);
            }

            void Reduce(int row) => rows[row][done] = (rows[row][done] - TensorPrimitives.Dot<double>(rows[row].AsSpan(0, done), pivot.AsSpan(0, done))) / diagonal;
        }

        return new(rows);
    }

    /// <summary>L: an entry of its lower triangle.</summary>
    public double this[int row, int column] => _rows[row][column];

    /// <summary>Solves A·x = b in place.</summary>
    public void Solve(Span<double> b)
    {
        for (var row = 0; row < _rows.Length; row++) b[row] = (b[row] - TensorPrimitives.Dot<double>(_rows[row].AsSpan(0, row), b[..row])) / _rows[row][row];
        for (var row = _rows.Length - 1; row >= 0; row--)
        {
            var x = b[row] /= _rows[row][row];
            TensorPrimitives.MultiplyAdd(_rows[row].AsSpan(0, row), -x, b[..row], b[..row]);
        }
    }
}
