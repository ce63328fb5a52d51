namespace SplitInfer.Tailoring.Calibration;

/// <summary>Sums over the elements of one output: what it is of itself, and how far off it is.</summary>
/// <param name="Squares">Sum of the squares of the expected elements.</param>
/// <param name="SquaredDifferences">Sum of the squares of the differences.</param>
internal readonly record struct OutputDifference(double Squares, double SquaredDifferences)
{
    /// <summary>Root of the mean squared difference divided by the root of the mean square of the output; infinite if the output should be 0 and is not.</summary>
    public double Relative => SquaredDifferences == 0 ? 0 : Math.Sqrt(SquaredDifferences / Squares);

    /// <summary>Compares two outputs. Equal infinities, and any two NaNs, do not differ; other infinities and NaNs differ infinitely. An element that only one output has differs by its own value.</summary>
    public static OutputDifference Between(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        double squares = 0, differences = 0;
        for (var i = 0; i < Math.Max(expected.Length, actual.Length); i++)
        {
            var (left, right) = (i < expected.Length ? expected[i] : 0, i < actual.Length ? actual[i] : 0);
            if (double.IsFinite(left)) squares += left * left;
            if (!left.Equals(right)) differences += double.IsFinite(left - right) ? (left - right) * (left - right) : double.PositiveInfinity;
        }

        return new(squares, differences);
    }

    /// <summary>The sums of both.</summary>
    public static OutputDifference operator +(OutputDifference left, OutputDifference right) =>
        new(left.Squares + right.Squares, left.SquaredDifferences + right.SquaredDifferences);
}
