using SplitInfer.Tailoring.Calibration;

namespace SplitInfer.Tailoring.Tests.Calibration;

public sealed class OutputDifferenceTests
{
    [Theory]
    [InlineData(new double[] { 3, 4 }, new double[] { 3, 4 }, 0)]
    [InlineData(new double[] { 3, 4 }, new double[] { 3, 4.5 }, 0.1)]
    [InlineData(new double[] { 3, 4 }, new double[0], 1)]
    [InlineData(new double[] { 3, 4 }, new double[] { 3, 4, 5 }, 1)]
    [InlineData(new double[] { 0, 0 }, new double[] { 0, 0 }, 0)]
    [InlineData(new double[] { 0, 0 }, new double[] { 0, 1e-9 }, double.PositiveInfinity)]
    [InlineData(new[] { double.NaN, 1 }, new[] { double.NaN, 1 }, 0)]
    [InlineData(new[] { double.PositiveInfinity, 1 }, new[] { double.PositiveInfinity, 1 }, 0)]
    [InlineData(new[] { double.NaN, 1 }, new double[] { 5, 1 }, double.PositiveInfinity)]
    [InlineData(new double[] { 5, 1 }, new[] { double.NaN, 1 }, double.PositiveInfinity)]
    [InlineData(new[] { double.PositiveInfinity, 1 }, new[] { double.NegativeInfinity, 1 }, double.PositiveInfinity)]
    public void The_error_is_relative_to_the_output(double[] expected, double[] actual, double error) =>
        Assert.Equal(error, OutputDifference.Between(expected, actual).Relative, 12);

    [Fact]
    public void Samples_count_by_their_size() =>
        Assert.Equal(0.5, (OutputDifference.Between([6, 8], [6, 8]) + OutputDifference.Between([0], [5])).Relative, 12);
}
