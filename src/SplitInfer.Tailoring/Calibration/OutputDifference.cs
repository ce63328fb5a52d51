namespace SplitInfer.Tailoring.Calibration;

/// <summary>Sums over the elements of one output: what it is of itself, and how far off it is.</summary>
/// <param name="Squares">Of the elements that were expected.</param>
/// <param name="SquaredDifferences">Of the elements that came, less those.</param>
internal readonly record struct OutputDifference(double Squares, double SquaredDifferences)
{
    /// <summary>Root of the mean squared difference over that of the output; infinite where an output of nothing but zeros is not met.</summary>
    public double Relative => SquaredDifferences == 0 ? 0 : Math.Sqrt(SquaredDifferences / Squares);

    /// <summary>Compares two outputs. Equal infinities and any two NaNs differ by nothing, others infinitely; elements that only one has differ by all they are.</summary>
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

    /// <summary>Both together.</summary>
    public static OutputDifference operator +(OutputDifference left, OutputDifference right) =>
        new(left.Squares + right.Squares, left.SquaredDifferences + right.SquaredDifferences);
}
