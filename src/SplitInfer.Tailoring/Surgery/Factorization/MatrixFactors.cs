using System.Numerics.Tensors;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery.LinearAlgebra;

namespace SplitInfer.Tailoring.Surgery.Factorization;

/// <summary>Two thin matrices that stand for one.</summary>
/// <param name="Rank">Number r of columns of the left and of rows of the right one.</param>
/// <param name="Left">U[output, r], row by row.</param>
/// <param name="Right">V[r, input], row by row.</param>
/// <param name="Bias">By output: the bias that makes up for the mean of what is left; null where it stays as it is.</param>
internal sealed record MatrixFactors(int Rank, float[] Left, float[] Right, float[]? Bias)
{
    private const int Multiple = 8;

    // Decomposing larger matrices takes minutes.
    private const int Largest = 2048;

    /// <summary>Factorises the weights of a layer; null where that saves nothing.</summary>
    public static MatrixFactors? Of(FactorizableLayer layer, ChannelMoments? moments, LowRankOptions options, CancellationToken cancellationToken)
    {
        var most = (int)(options.MostCost * layer.Inputs * layer.Outputs / (layer.Inputs + layer.Outputs));
        // Without samples the smaller side serves as well.
        var byInput = moments is null && layer.Inputs < layer.Outputs;
        var size = byInput ? layer.Inputs : layer.Outputs;
        if (most < Multiple || size > Largest) return null;
        var rows = byInput ? DenseProduct.Transposed<float>(layer.Weights, layer.Outputs, layer.Inputs) : layer.Weights;
        var axes = PrincipalAxes.Of(Variances(rows, size, moments?.Covariances()), cancellationToken);
        var rank = RankFor(axes.Values, options.Energy);
        if (rank > most) return null;
        // Q_rᵀ times the matrix whose rows the axes combine.
        var (basis, projected) = (new float[rank * size], new float[rank * (rows.Length / size)]);
        for (var r = 0; r < rank; r++)
        {
            var target = projected.AsSpan(r * (rows.Length / size), rows.Length / size);
            for (var i = 0; i < size; i++)
            {
                basis[(r * size) + i] = (float)axes.Axes[r][i];
                TensorPrimitives.MultiplyAdd(rows.AsSpan(i * target.Length, target.Length), (float)axes.Axes[r][i], target, target);
            }
        }

        // By output: W ≈ Q·(Qᵀ·W). By input: Wᵀ ≈ Q·(Qᵀ·Wᵀ), so that W ≈ (Qᵀ·Wᵀ)ᵀ·Qᵀ.
        var (left, right) = byInput ? (DenseProduct.Transposed<float>(projected, rank, layer.Outputs), basis) : (DenseProduct.Transposed<float>(basis, rank, size), projected);
        return new(rank, left, right, moments is null ? null : BiasOf(layer, left, right, rank, moments.Means()));
    }

    private static int RankFor(double[] values, double energy)
    {
        var (left, rank) = ((1 - energy) * values.Sum(), values.Length);
        while (rank > 1 && left >= values[rank - 1]) left -= values[--rank];
        return (rank + Multiple - 1) / Multiple * Multiple > values.Length ? values.Length : (rank + Multiple - 1) / Multiple * Multiple;
    }

    /// <summary>R·C·Rᵀ for the rows R, lower triangle.</summary>
    private static double[][] Variances(float[] rows, int size, double[][]? covariances)
    {
        var width = rows.Length / size;
        var (result, weighted) = (new double[size][], new float[size][]);
        Parallel.For(0, size, row =>
        {
            var own = rows.AsSpan(row * width, width);
            if (covariances is null)
            {
                weighted[row] = own.ToArray();
                return;
            }

            var sums = new double[width];
            for (var i = 0; i < width; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    sums[i] += covariances[i][j] * own[j];
                    sums[j] += covariances[i][j] * own[i];
                }

                sums[i] += covariances[i][i] * own[i];
            }

            weighted[row] = [.. sums.Select(static s => (float)s)];
        });
        Parallel.For(0, size, row =>
        {
            result[row] = new double[row + 1];
            for (var column = 0; column <= row; column++) result[row][column] = TensorPrimitives.Dot<float>(weighted[row], rows.AsSpan(column * width, width));
        });
        return result;
    }

    private static float[] BiasOf(FactorizableLayer layer, float[] left, float[] right, int rank, double[] means)
    {
        var thin = new double[rank];
        for (var r = 0; r < rank; r++)
            for (var i = 0; i < layer.Inputs; i++) thin[r] += right[(r * layer.Inputs) + i] * means[i];
        var bias = new float[layer.Outputs];
        for (var o = 0; o < layer.Outputs; o++)
        {
            double sum = layer.Bias?[o] ?? 0;
            for (var i = 0; i < layer.Inputs; i++) sum += layer.Weights[(o * layer.Inputs) + i] * means[i];
            for (var r = 0; r < rank; r++) sum -= left[(o * rank) + r] * thin[r];
            bias[o] = (float)sum;
        }

        return bias;
    }
}
