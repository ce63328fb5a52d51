using SplitInfer.Tailoring.Surgery.LinearAlgebra;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Surgery.LinearAlgebra;

public sealed class LinearAlgebraTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(300)]
    public void A_factor_solves_what_it_is_the_factor_of(int size)
    {
        var random = new Random(size);
        var matrix = Positive(random, size);
        double[] expected = [.. Enumerable.Range(0, size).Select(_ => RandomTensor.NextNormal(random))];
        double[] b = [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, size).Sum(j => Entry(matrix, i, j) * expected[j]))];
        Cholesky.Of(matrix)!.Solve(b);
        Assert.All(expected.Zip(b), static pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void A_matrix_that_is_not_positive_definite_has_no_factor() => Assert.Null(Cholesky.Of([[1], [2, 1]]));

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(64)]
    public void Principal_axes_are_orthogonal_and_make_up_the_matrix(int size)
    {
        var matrix = Positive(new(size), size);
        double[][] copy = [.. matrix.Select(static row => row.ToArray())];
        var axes = PrincipalAxes.Of(copy, default);
        Assert.Equal(axes.Values.OrderDescending(), axes.Values);
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                Assert.Equal(i == j ? 1 : 0, axes.Axes[i].Zip(axes.Axes[j], static (a, b) => a * b).Sum(), 1e-7);
                Assert.Equal(matrix[i][j], Enumerable.Range(0, size).Sum(k => axes.Values[k] * axes.Axes[k][i] * axes.Axes[k][j]), 1e-6 * size);
            }
        }
    }

    [Fact]
    public void Principal_axes_of_a_matrix_of_low_rank_have_no_more_values()
    {
        // 3·v·vᵀ with |v| = 1.
        double[] v = [0.6, 0, 0.8];
        var axes = PrincipalAxes.Of([.. v.Select((a, i) => v[..(i + 1)].Select(b => 3 * a * b).ToArray())], default);
        Assert.Equal(3, axes.Values[0], 1e-8);
        Assert.Equal(0, axes.Values[1], 1e-8);
        Assert.Equal(1, Math.Abs(axes.Axes[0].Zip(v, static (a, b) => a * b).Sum()), 1e-8);
    }

    [Fact]
    public void Regression_finds_the_weights_that_made_the_targets()
    {
        var random = new Random(1);
        float[][] weights = [[1, -2, 0.5f], [0, 3, -1]];
        var regression = new RidgeRegression([[0, 0, 0], [0, 0, 0]]);
        for (var row = 0; row < 5000; row++)
        {
            var (x, y) = ((float)RandomTensor.NextNormal(random), (float)RandomTensor.NextNormal(random));
            regression.Add((inputs, targets, at) =>
            {
                (inputs[0][at], inputs[1][at]) = (x, y);
                for (var o = 0; o < 2; o++) targets[o][at] = (weights[o][0] * x) + (weights[o][1] * y) + weights[o][2];
            });
        }

        var solved = regression.Solve(default);
        Assert.All(weights.SelectMany(static w => w).Zip(solved.SelectMany(static w => w)), static pair => Assert.Equal(pair.First, pair.Second, 1e-2));
    }

    [Fact]
    public void Regression_keeps_weights_that_nothing_speaks_against()
    {
        var regression = new RidgeRegression([[2, -1, 0.5f]]);
        // The second input is always 0.
        for (var row = 0; row < 100; row++)
        {
            regression.Add((inputs, targets, at) =>
            {
                (inputs[0][at], inputs[1][at]) = (at % 7, 0);
                targets[0][at] = (2 * (at % 7)) + 0.5f;
            });
        }

        Assert.All(regression.Solve(default)[0].Zip([2, -1, 0.5f]), static pair => Assert.Equal(pair.Second, pair.First, 1e-3));
    }

    private static double[][] Positive(Random random, int size)
    {
        double[][] rows = [.. Enumerable.Range(0, size).Select(_ => Enumerable.Range(0, size).Select(_ => RandomTensor.NextNormal(random)).ToArray())];
        return [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, i + 1).Select(j => rows[i].Zip(rows[j], static (a, b) => a * b).Sum() + (i == j ? 1 : 0)).ToArray())];
    }

    private static double Entry(double[][] lower, int row, int column) => row >= column ? lower[row][column] : lower[column][row];
}
