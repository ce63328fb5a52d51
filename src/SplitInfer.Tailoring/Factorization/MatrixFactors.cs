using System.Numerics.Tensors;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.LinearAlgebra;

namespace SplitInfer.Tailoring.Factorization;

/// <summary>Two thin matrices that stand for one.</summary>
/// <param name="Rank">Number r of columns of the left and of rows of the right one.</param>
/// <param name="Left">U[output, r], row by row.</param>
/// <param name="Right">V[r, input], row by row.</param>
/// <param name="Bias">By output: the bias that makes up for the mean of what is left; null where it stays as it is.</param>
internal sealed record MatrixFactors(int Rank, float[] Left, float[] Right, float[]? Bias)
{
    private const int Multiple = 8;
    private const double Ridge = 1e-6;
    private const float RoundingShare = 1e-3f;

    // Decomposing larger matrices takes minutes.
    private const int Largest = 2048;

    /// <summary>Factorises the weights of a layer; null where that saves nothing.</summary>
    public static MatrixFactors? Of(FactorizableLayer layer, ChannelMoments? moments, LowRankOptions options, CancellationToken cancellationToken)
    {
        var most = (int)(options.MostCost * layer.Inputs * layer.Outputs / (layer.Inputs + layer.Outputs));
        var byInput = layer.Inputs < layer.Outputs;
        if (most < Multiple || Math.Min(layer.Inputs, layer.Outputs) > Largest) return null;
        // What is no number has no directions.
        if (!float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(layer.Weights))) return null;
        // What the layer yields has the covariances B·Bᵀ with B = W·L, where C = L·Lᵀ; of B·Bᵀ and Bᵀ·B the smaller is decomposed.
        var weighted = moments?.Covariances() is { } covariances ? TimesFactorOf(covariances, layer, cancellationToken) : layer.Weights;
        var rows = byInput ? DenseProduct.Transposed<float>(weighted, layer.Outputs, layer.Inputs) : weighted;
        var size = byInput ? layer.Inputs : layer.Outputs;
        var axes = PrincipalAxes.Of(Products(rows, size), cancellationToken);
        var rank = RankFor(axes.Values, options.Energy);
        if (rank > most) return null;
        // The first r directions of what the layer yields, by output.
        var directions = new float[rank * layer.Outputs];
        for (var r = 0; r < rank; r++)
        {
            var direction = directions.AsSpan(r * layer.Outputs, layer.Outputs);
            if (!byInput)
            {
                for (var o = 0; o < size; o++) direction[o] = (float)axes.Axes[r][o];
                continue;
            }

            // B times an eigenvector of Bᵀ·B is one of B·Bᵀ.
            for (var i = 0; i < size; i++) TensorPrimitives.MultiplyAdd(rows.AsSpan(i * layer.Outputs, layer.Outputs), (float)axes.Axes[r][i], direction, direction);
            Orthonormalize(directions, r, layer.Outputs);
        }

        var right = new float[rank * layer.Inputs];
        for (var r = 0; r < rank; r++)
        {
            var target = right.AsSpan(r * layer.Inputs, layer.Inputs);
            for (var o = 0; o < layer.Outputs; o++) TensorPrimitives.MultiplyAdd(layer.Weights.AsSpan(o * layer.Inputs, layer.Inputs), directions[(r * layer.Outputs) + o], target, target);
        }

        var left = DenseProduct.Transposed<float>(directions, rank, layer.Outputs);
        return new(rank, left, right, moments is null ? null : BiasOf(layer, left, right, rank, moments.Means()));
    }

    /// <summary>Takes from the last row what those before it say, and makes its length 1; zeros where only rounding is left.</summary>
    private static void Orthonormalize(float[] rows, int last, int width)
    {
        var own = rows.AsSpan(last * width, width);
        var before = TensorPrimitives.Norm<float>(own);
        for (var pass = 0; pass < 2; pass++)
            for (var r = 0; r < last; r++) TensorPrimitives.MultiplyAdd(rows.AsSpan(r * width, width), -TensorPrimitives.Dot<float>(rows.AsSpan(r * width, width), own), own, own);
        var length = TensorPrimitives.Norm<float>(own);
        if (length > RoundingShare * before) TensorPrimitives.Divide(own, length, own);
        else own.Clear();
    }

    private static int RankFor(double[] values, double energy)
    {
        var (left, rank) = ((1 - energy) * values.Sum(), values.Length);
        while (rank > 1 && left >= values[rank - 1]) left -= values[--rank];
        return (rank + Multiple - 1) / Multiple * Multiple > values.Length ? values.Length : (rank + Multiple - 1) / Multiple * Multiple;
    }

    /// <summary>R·Rᵀ for the rows R, lower triangle.</summary>
    private static double[][] Products(float[] rows, int size)
    {
        var width = rows.Length / size;
        var result = new double[size][];
        Parallel.For(0, size, row =>
        {
            result[row] = new double[row + 1];
            for (var column = 0; column <= row; column++) result[row][column] = TensorPrimitives.Dot<float>(rows.AsSpan(row * width, width), rows.AsSpan(column * width, width));
        });
        return result;
    }

    /// <summary>W·L with L·Lᵀ = C; W where C has no factor.</summary>
    private static float[] TimesFactorOf(double[][] covariances, FactorizableLayer layer, CancellationToken cancellationToken)
    {
        var mean = covariances.Select(static (row, i) => row[i]).Average();
        for (var i = 0; i < covariances.Length; i++) covariances[i][i] += (Ridge * mean) + 1e-20;
        if (Cholesky.Of(covariances, cancellationToken) is not { } factor) return layer.Weights;
        var result = new float[layer.Weights.Length];
        Parallel.For(0, layer.Outputs, output =>
        {
            var sums = new double[layer.Inputs];
            for (var i = 0; i < layer.Inputs; i++)
            {
                double weight = layer.Weights[(output * layer.Inputs) + i];
                for (var j = 0; j <= i; j++) sums[j] += weight * factor[i, j];
            }

            for (var j = 0; j < layer.Inputs; j++) result[(output * layer.Inputs) + j] = (float)sums[j];
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
