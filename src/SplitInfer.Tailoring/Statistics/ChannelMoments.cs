using System.Numerics.Tensors;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>Means and covariances of the channels of a value over samples. Not thread-safe.</summary>
internal sealed class ChannelMoments
{
    /// <summary>Places that are looked at in a tensor; neighbours tell little more.</summary>
    private const int MostPlaces = 256;

    /// <summary>Of more channels no covariances are kept.</summary>
    private const int MostCovariances = 2048;

    private readonly Random _random = new(1);
    private double[] _sums = [];
    private double[][] _products = [];
    private long _count;

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Adds a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="isLast">Whether channels are the last axis; else they are the second.</param>
    public void Add(TensorValue tensor, bool isLast = false)
    {
        var dimensions = tensor.Shape.Dimensions;
        var channels = (int)(isLast ? dimensions[^1] : dimensions[1]);
        if (_count == 0) (_sums, _products) = (new double[channels], [.. Enumerable.Range(0, channels).Select(row => new double[channels > MostCovariances ? 1 : row + 1])]);
        var batches = isLast ? 1 : (int)dimensions[0];
        for (var batch = 0; batch < batches; batch++) Add(Rows(tensor, batch, channels, isLast, (int)(tensor.Shape.ElementCount / batches / channels)));
    }

    /// <summary>By channel: the mean.</summary>
    public double[] Means() => [.. _sums.Select(sum => sum / _count)];

    /// <summary>By channel: the variance.</summary>
    public double[] Variances() => [.. _products.Select((row, i) => (row[^1] / _count) - (_sums[i] / _count * (_sums[i] / _count)))];

    /// <summary>The covariances, of which the lower triangle is given; null if there are too many.</summary>
    public double[][]? Covariances() => _sums.Length > MostCovariances
        ? null
        : [.. _products.Select((row, i) => row.Select((product, j) => (product / _count) - (_sums[i] / _count * (_sums[j] / _count))).ToArray())];

    /// <summary>By channel: the elements at the places that are looked at.</summary>
    private float[][] Rows(TensorValue tensor, int batch, int channels, bool isLast, int places)
    {
        var elements = tensor.Span<float>();
        int[] looked = places <= MostPlaces ? [.. Enumerable.Range(0, places)] : [.. Enumerable.Range(0, MostPlaces).Select(_ => _random.Next(places))];
        var rows = new float[channels][];
        for (var channel = 0; channel < channels; channel++)
        {
            rows[channel] = new float[looked.Length];
            for (var i = 0; i < looked.Length; i++) rows[channel][i] = elements[isLast ? (looked[i] * channels) + channel : (((batch * channels) + channel) * places) + looked[i]];
        }

        return rows;
    }

    private void Add(float[][] rows)
    {
        Parallel.For(0, rows.Length, row =>
        {
            _sums[row] += TensorPrimitives.Sum<float>(rows[row]);
            if (rows.Length > MostCovariances) _products[row][0] += TensorPrimitives.SumOfSquares<float>(rows[row]);
            else
                for (var column = 0; column <= row; column++) _products[row][column] += TensorPrimitives.Dot<float>(rows[row], rows[column]);
        });
        _count += rows[0].Length;
    }
}
