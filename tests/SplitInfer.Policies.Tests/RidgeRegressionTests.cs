using SplitInfer.Policies.Learning;

namespace SplitInfer.Policies.Tests;

public class RidgeRegressionTests
{
    /// <summary>The oracle is Gauss-Jordan elimination on A, which shares no code with the updates and the factorisation.</summary>
    [Theory]
    [InlineData(1, 1.0, 10)]
    [InlineData(3, 0.1, 63)]
    [InlineData(7, 1.0, 64)]
    [InlineData(7, 0.01, 500)]
    public void The_inverse_and_theta_are_those_of_a_direct_solve(int dimension, double prior, int updates)
    {
        var random = new Random(dimension + updates);
        var regression = new RidgeRegression(dimension, prior);
        for (var i = 0; i < updates; i++)
            regression.Update([.. Enumerable.Range(0, dimension).Select(_ => random.NextDouble())], random.NextDouble());

        var inverse = Invert(regression.A.ToArray(), dimension);
        for (var i = 0; i < dimension; i++)
        {
            var theta = 0.0;
            for (var j = 0; j < dimension; j++)
            {
                Assert.Equal(inverse[i * dimension + j], regression.Inverse[i * dimension + j], tolerance: 1e-7 / prior);
                theta += inverse[i * dimension + j] * regression.B[j];
            }

            Assert.Equal(theta, regression.Theta[i], tolerance: 1e-6);
        }
    }

    [Fact]
    public void A_linear_world_is_learned()
    {
        var random = new Random(5);
        var regression = new RidgeRegression(3, prior: 1e-6);
        double[] truth = [0.5, -2, 7];
        for (var i = 0; i < 200; i++)
        {
            double[] x = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
            regression.Update(x, x.Zip(truth, static (a, b) => a * b).Sum());
        }

        for (var i = 0; i < 3; i++) Assert.Equal(truth[i], regression.Theta[i], tolerance: 1e-5);
    }

    private static double[] Invert(double[] a, int d)
    {
        var inverse = new double[d * d];
        for (var i = 0; i < d; i++) inverse[i * d + i] = 1;
        for (var column = 0; column < d; column++)
        {
            var pivot = Enumerable.Range(column, d - column).MaxBy(row => Math.Abs(a[row * d + column]));
            for (var j = 0; j < d; j++)
            {
                (a[pivot * d + j], a[column * d + j]) = (a[column * d + j], a[pivot * d + j]);
                (inverse[pivot * d + j], inverse[column * d + j]) = (inverse[column * d + j], inverse[pivot * d + j]);
            }

            var divisor = a[column * d + column];
            for (var j = 0; j < d; j++) (a[column * d + j], inverse[column * d + j]) = (a[column * d + j] / divisor, inverse[column * d + j] / divisor);
            for (var row = 0; row < d; row++)
            {
                if (row == column) continue;
                var factor = a[row * d + column];
                for (var j = 0; j < d; j++)
                {
                    a[row * d + j] -= factor * a[column * d + j];
                    inverse[row * d + j] -= factor * inverse[column * d + j];
                }
            }
        }

        return inverse;
    }
}
