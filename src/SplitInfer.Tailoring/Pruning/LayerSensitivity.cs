using System.Numerics.Tensors;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.LinearAlgebra;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>
/// What a layer loses with an input channel once its other weights have made up for it. With P = (C + λI)⁻¹ of the covariances C of the channels, the mean square
/// of the error grows by ‖w_c‖²/P_cc, the weights of the others become w_j − w_c·P_jc/P_cc, and P loses the channel likewise (Hassibi and
/// Stork's optimal brain surgeon, with places of a kernel taken as independent). Relative to what the layer yields. Not thread-safe.
/// </summary>
internal sealed class LayerSensitivity
{
    private const double Ridge = 1e-3;

    /// <summary>P; only its diagonal where channels are taken as independent.</summary>
    private readonly double[][] _inverse;
    private readonly float[][] _weights;
    private readonly double _total;

    private LayerSensitivity(double[][] inverse, float[][] weights, double total) => (_inverse, _weights, _total) = (inverse, weights, total);

    /// <summary>Starts with all channels.</summary>
    public LayerSensitivity(ProductWeights product, ChannelMoments moments)
    {
        int[] outputs = [.. Enumerable.Range(0, product.Outputs)];
        _weights = [.. Enumerable.Range(0, product.Inputs).Select(input => outputs.SelectMany(output => product.RowOf(output, [input])).ToArray())];
        _total = double.Epsilon;
        if (moments.Covariances() is not { } covariances)
        {
            var variances = moments.Variances();
            for (var i = 0; i < variances.Length; i++) _total += variances[i] * TensorPrimitives.SumOfSquares<float>(_weights[i]);
            var ridge = (Ridge * variances.Average()) + 1e-20;
            _inverse = [.. variances.Select(variance => (double[])[1 / (variance + ridge)])];
            return;
        }

        for (var row = 0; row < covariances.Length; row++)
            for (var column = 0; column <= row; column++) _total += (row == column ? 1 : 2) * covariances[row][column] * TensorPrimitives.Dot<float>(_weights[row], _weights[column]);
        _inverse = Inverse(covariances);
    }

    /// <summary>A copy, to try what follows on a removal.</summary>
    public LayerSensitivity Copy() => new([.. _inverse.Select(static row => row.ToArray())], [.. _weights.Select(static row => row.ToArray())], _total);

    /// <summary>What the layer loses with a channel, as a share of the variance of what it yields.</summary>
    public double LossOf(int channel) => TensorPrimitives.SumOfSquares<float>(_weights[channel]) / _inverse[channel][_inverse[channel].Length == 1 ? 0 : channel] / _total;

    /// <summary>Takes a channel away.</summary>
    public void Remove(int channel)
    {
        if (_inverse.Length > 1 && _inverse[channel].Length == 1)
        {
            Array.Clear(_weights[channel]);
            return;
        }

        var (row, own) = (_inverse[channel].ToArray(), _weights[channel].ToArray());
        Parallel.For(0, _inverse.Length, other =>
        {
            var factor = row[other] / row[channel];
            if (other == channel || factor == 0) return;
            TensorPrimitives.MultiplyAdd(own, (float)-factor, _weights[other], _weights[other]);
            TensorPrimitives.MultiplyAdd(row, -factor, _inverse[other], _inverse[other]);
        });
        Array.Clear(_weights[channel]);
        for (var other = 0; other < _inverse.Length; other++) _inverse[other][channel] = _inverse[channel][other] = 0;
        _inverse[channel][channel] = 1;
    }

    private static double[][] Inverse(double[][] covariances)
    {
        var mean = covariances.Select(static (row, i) => row[i]).Average();
        for (var i = 0; i < covariances.Length; i++) covariances[i][i] += (Ridge * mean) + 1e-20;
        var factor = Cholesky.Of(covariances);
        var inverse = new double[covariances.Length][];
        Parallel.For(0, inverse.Length, row =>
        {
            inverse[row] = new double[inverse.Length];
            inverse[row][row] = 1;
            factor?.Solve(inverse[row]);
        });
        return inverse;
    }
}
