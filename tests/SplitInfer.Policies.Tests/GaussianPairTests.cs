using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Tests;

public class GaussianPairTests
{
    private const int Draws = 400_000;

    [Theory]
    [InlineData(1, 1, 1, 0, 1)]
    [InlineData(0, 0.5, 1, -0.95, 1)]
    [InlineData(-1, 0.2, 2, 0.8, 1)]
    [InlineData(0.5, -1, 0.5, -0.4, 3)]
    [InlineData(2, 3, 1, -0.5, 2)]
    public void What_is_left_above_zero_has_the_moments_of_draws_that_are(double x, double y, double varianceX, double covariance, double varianceY)
    {
        var random = new Random(1);
        var kept = new List<(double X, double Y)>();
        for (var i = 0; i < Draws; i++)
        {
            var (u, v) = (Normal(random), Normal(random));
            var drawn = (X: x + (Math.Sqrt(varianceX) * u), Y: y + (covariance / Math.Sqrt(varianceX) * u) + (Math.Sqrt(varianceY - (covariance * covariance / varianceX)) * v));
            if (drawn.X > 0 && drawn.Y > 0) kept.Add(drawn);
        }

        var (meanX, meanY) = (kept.Average(static d => d.X), kept.Average(static d => d.Y));
        var above = new GaussianPair(x, y, varianceX, covariance, varianceY).AboveZero();
        Assert.Equal(meanX, above.X, 0.02);
        Assert.Equal(meanY, above.Y, 0.02);
        Assert.Equal(kept.Average(d => (d.X - meanX) * (d.X - meanX)), above.VarianceX, 0.03);
        Assert.Equal(kept.Average(d => (d.X - meanX) * (d.Y - meanY)), above.Covariance, 0.03);
        Assert.Equal(kept.Average(d => (d.Y - meanY) * (d.Y - meanY)), above.VarianceY, 0.03);
    }

    [Fact]
    public void A_pair_that_is_far_above_zero_stays_what_it_is()
    {
        var pair = new GaussianPair(10, 20, 1, 0.5, 2);
        Assert.Equal(pair, pair.AboveZero());
    }

    [Fact]
    public void A_sum_that_was_measured_stays_what_it_was()
    {
        // x + 1e5·y was seen to be 5e-3, and nothing else is known.
        const double B = 1e5, Sum = 5e-3, Y = 250e-9;
        var above = new GaussianPair(0, Sum / B, B * B * Y * Y, -B * Y * Y, Y * Y).AboveZero();
        Assert.Equal(Sum, above.X + (B * above.Y), 0.1 * Sum);
        Assert.InRange(above.Y, 0, Sum / B);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
