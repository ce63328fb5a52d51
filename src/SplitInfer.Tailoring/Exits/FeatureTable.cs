using System.Numerics.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Features of many samples: a row each.</summary>
/// <param name="samples">Number of rows.</param>
/// <param name="features">Features of a row.</param>
internal sealed class FeatureTable(int samples, int features)
{
    private readonly float[][] _rows = [.. Enumerable.Range(0, samples).Select(_ => new float[features])];

    public int Samples => samples;

    public int Features => features;

    /// <summary>The features of a sample.</summary>
    public float[] this[int sample] => _rows[sample];

    /// <summary>Whether all features are numbers: what crosses a cut may be infinite, as masks of attention are.</summary>
    public bool IsFinite => _rows.All(static row => TensorPrimitives.IsFiniteAll<float>(row));

    /// <summary>What is taken off every feature and what it is divided by, so that the rows named have mean 0 and a variance of 1 or less.</summary>
    public FeatureScale ScaleOf(IReadOnlyList<int> rows)
    {
        var (mean, variance, square) = (new double[features], new double[features], new double[features]);
        var row = new double[features];
        foreach (var sample in rows)
        {
            TensorPrimitives.ConvertTruncating<float, double>(_rows[sample], row);
            TensorPrimitives.Add(mean, row, mean);
        }

        TensorPrimitives.Divide(mean, rows.Count, mean);
        foreach (var sample in rows)
        {
            TensorPrimitives.ConvertTruncating<float, double>(_rows[sample], row);
            TensorPrimitives.Subtract(row, mean, row);
            TensorPrimitives.Multiply(row, row, square);
            TensorPrimitives.Add(variance, square, variance);
        }

        TensorPrimitives.Divide(variance, rows.Count, variance);
        // What hardly varies is noise, and would be as loud as the rest if it were divided by what little it varies.
        var floor = TensorPrimitives.Average(variance);
        var (means, factors) = (new float[features], new float[features]);
        for (var place = 0; place < features; place++)
        {
            means[place] = (float)mean[place];
            factors[place] = variance[place] > 0 ? (float)(1 / Math.Sqrt(variance[place] + floor)) : 0;
        }

        return new(means, factors);
    }

    /// <summary>Some rows, scaled.</summary>
    public float[][] Scaled(IReadOnlyList<int> rows, FeatureScale scale) => [.. rows.Select(sample =>
    {
        var row = new float[features];
        TensorPrimitives.Subtract(_rows[sample], scale.Means, row);
        TensorPrimitives.Multiply(row, scale.Factors, row);
        return row;
    })];
}

/// <summary>How features are scaled.</summary>
/// <param name="Means">What is taken off.</param>
/// <param name="Factors">What the difference is multiplied by.</param>
internal sealed record FeatureScale(float[] Means, float[] Factors)
{
    /// <summary>A head over features as they are, that does what the given one does over scaled ones.</summary>
    public LinearHead Fold(LinearHead head)
    {
        var (weights, biases) = (new float[head.Weights.Length], new float[head.Biases.Length]);
        for (var place = 0; place < biases.Length; place++)
        {
            var row = weights.AsSpan(place * Means.Length, Means.Length);
            TensorPrimitives.Multiply(head.Weights.AsSpan(place * Means.Length, Means.Length), Factors, row);
            var shift = 0.0;
            for (var i = 0; i < row.Length; i++) shift += (double)row[i] * Means[i];
            biases[place] = (float)(head.Biases[place] - shift);
        }

        return new(weights, biases);
    }
}

/// <summary>A linear head.</summary>
/// <param name="Weights">A row of weights for each class.</param>
/// <param name="Biases">A bias for each class.</param>
internal sealed record LinearHead(float[] Weights, float[] Biases)
{
    /// <summary>Writes a score for each class.</summary>
    public void Score(ReadOnlySpan<float> features, Span<float> scores)
    {
        for (var place = 0; place < scores.Length; place++) scores[place] = TensorPrimitives.Dot(Weights.AsSpan(place * features.Length, features.Length), features) + Biases[place];
    }
}
