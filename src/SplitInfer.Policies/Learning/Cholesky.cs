namespace SplitInfer.Policies.Learning;

/// <summary>Symmetric positive definite systems through A = L·Lᵀ. Matrices are row-major, d×d.</summary>
internal static class Cholesky
{
    /// <summary>Writes L, lower triangular, zeros above. False where A is not positive definite to working precision.</summary>
    public static bool TryFactor(ReadOnlySpan<double> a, Span<double> l, int d)
    {
        l.Clear();
        for (var i = 0; i < d; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = a[(i * d) + j];
                for (var k = 0; k < j; k++) sum -= l[(i * d) + k] * l[(j * d) + k];
                if (i != j) l[(i * d) + j] = sum / l[(j * d) + j];
                else if (sum > 0 && double.IsFinite(sum)) l[(i * d) + i] = Math.Sqrt(sum);
                else return false;
            }
        }

        return true;
    }

    /// <summary>Solves L·Lᵀ·x = b in place: <paramref name="x"/> holds b and then x.</summary>
    public static void Solve(ReadOnlySpan<double> l, Span<double> x, int d)
    {
        for (var i = 0; i < d; i++)
        {
            for (var k = 0; k < i; k++) x[i] -= l[(i * d) + k] * x[k];
            x[i] /= l[(i * d) + i];
        }

        for (var i = d - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < d; k++) x[i] -= l[(k * d) + i] * x[k];
            x[i] /= l[(i * d) + i];
        }
    }
}
