using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class LinearProgrammeTests
{
    /// <summary>
    /// The oracle is duality: prices of rows that are at least 0 and cover the gain of every column bound the sum from above, whoever found them, so a sum that reaches the bound is the largest.
    /// </summary>
    [Fact]
    public void Prices_certify_that_the_solution_is_the_best() => Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        var (uses, limits, gains) = Draw(random, random.Next(1, 8), random.Next(1, 40));
        var programme = Load(uses, limits, gains);
        Assert.True(programme.Solve());
        double[] x = [.. Enumerable.Range(0, gains.Length).Select(programme.Value)];
        double[] prices = [.. Enumerable.Range(0, limits.Length).Select(programme.Price)];
        var (sum, worth) = (0.0, 0.0);
        for (var row = 0; row < limits.Length; row++)
        {
            Assert.True(prices[row] >= -1e-9);
            Assert.True(Enumerable.Range(0, gains.Length).Sum(j => uses[row, j] * x[j]) <= limits[row] + 1e-9);
            worth += prices[row] * limits[row];
        }

        for (var j = 0; j < gains.Length; j++)
        {
            Assert.True(x[j] >= 0);
            Assert.True(Enumerable.Range(0, limits.Length).Sum(row => uses[row, j] * prices[row]) >= gains[j] - 1e-8);
            sum += gains[j] * x[j];
        }

        Assert.Equal(worth, sum, 1e-7 * Math.Max(1, worth));
        Assert.True(x.Count(static value => value > 0) <= limits.Length);
    }).QuickCheckThrowOnFailure();

    /// <summary>The oracle tries every set of columns, solved by Cramer's rule.</summary>
    [Fact]
    public void No_basis_of_two_rows_is_better() => Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        var columns = random.Next(1, 9);
        var (uses, limits, gains) = Draw(random, 2, columns);
        var programme = Load(uses, limits, gains);
        programme.Solve();
        var sum = Enumerable.Range(0, columns).Sum(j => gains[j] * programme.Value(j));
        Assert.Equal(BestBasis(uses, limits, gains), sum, 1e-7);
    }).QuickCheckThrowOnFailure();

    /// <summary>With a row kept at its limit, the oracle tries every pair of columns that use up that row and stay within the other.</summary>
    [Fact]
    public void A_closed_row_stays_used_up_while_something_else_is_optimised() => Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        var columns = random.Next(2, 9);
        var (uses, limits, _) = Draw(random, 2, columns);
        for (var j = 0; j < columns; j++) uses[1, j] = 1;
        double[] costs = [.. Enumerable.Range(0, columns).Select(_ => random.NextDouble())];
        var programme = Load(uses, limits, [.. Enumerable.Repeat(1.0, columns)]);
        programme.Solve();
        var flow = Enumerable.Range(0, columns).Sum(programme.Value);
        var isReached = flow >= limits[1] - 1e-9;
        Assert.Equal(isReached, programme.Close(1));
        if (!isReached) return;
        for (var j = 0; j < columns; j++) programme.SetGain(j, -costs[j]);
        programme.Solve();
        Assert.Equal(limits[1], Enumerable.Range(0, columns).Sum(programme.Value), 1e-8);
        Assert.Equal(CheapestOf(uses, limits, costs), Enumerable.Range(0, columns).Sum(j => costs[j] * programme.Value(j)), 1e-7);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_column_that_uses_nothing_has_no_best()
    {
        var programme = new LinearProgramme(1, 1);
        programme.Begin(1, 1);
        programme.SetLimit(0, 1);
        programme.SetGain(0, 1);
        Assert.False(programme.Solve());
    }

    /// <summary>Beale's programme, on which the simplex method cycles if it always takes the best column.</summary>
    [Fact]
    public void A_programme_that_cycles_is_solved()
    {
        var programme = Load(new[,] { { 0.25, -60, -1.0 / 25, 9 }, { 0.5, -90, -1.0 / 50, 3 }, { 0, 0, 1, 0 } }, [0, 0, 1], [0.75, -150, 0.02, -6]);
        Assert.True(programme.Solve());
        Assert.Equal(0.05, (0.75 * programme.Value(0)) - (150 * programme.Value(1)) + (0.02 * programme.Value(2)) - (6 * programme.Value(3)), 9);
    }

    private static (double[,] Uses, double[] Limits, double[] Gains) Draw(Random random, int rows, int columns)
    {
        var uses = new double[rows, columns];
        for (var row = 0; row < rows; row++)
            for (var j = 0; j < columns; j++) uses[row, j] = row > 0 && random.Next(4) == 0 ? 0 : Math.Exp((random.NextDouble() * 6) - 5);
        return (uses, [.. Enumerable.Range(0, rows).Select(_ => random.Next(5) == 0 ? 1 : 0.1 + random.NextDouble())], [.. Enumerable.Range(0, columns).Select(_ => random.Next(3) == 0 ? 1 : random.NextDouble())]);
    }

    private static LinearProgramme Load(double[,] uses, double[] limits, double[] gains)
    {
        var programme = new LinearProgramme(limits.Length, gains.Length);
        programme.Begin(limits.Length, gains.Length);
        for (var row = 0; row < limits.Length; row++)
        {
            programme.SetLimit(row, limits[row]);
            for (var j = 0; j < gains.Length; j++) programme.SetUse(row, j, uses[row, j]);
        }

        for (var j = 0; j < gains.Length; j++) programme.SetGain(j, gains[j]);
        return programme;
    }

    private static double BestBasis(double[,] uses, double[] limits, double[] gains)
    {
        var best = 0.0;
        for (var i = 0; i < gains.Length; i++)
        {
            var alone = Enumerable.Range(0, 2).Where(row => uses[row, i] > 0).Min(row => limits[row] / uses[row, i]);
            best = Math.Max(best, gains[i] * alone);
            for (var j = i + 1; j < gains.Length; j++)
            {
                var determinant = (uses[0, i] * uses[1, j]) - (uses[0, j] * uses[1, i]);
                if (Math.Abs(determinant) < 1e-12) continue;
                var x = ((limits[0] * uses[1, j]) - (uses[0, j] * limits[1])) / determinant;
                var y = ((uses[0, i] * limits[1]) - (limits[0] * uses[1, i])) / determinant;
                if (x >= 0 && y >= 0) best = Math.Max(best, (gains[i] * x) + (gains[j] * y));
            }
        }

        return best;
    }

    // Σx = the limit of row 1, and row 0 is not exceeded.
    private static double CheapestOf(double[,] uses, double[] limits, double[] costs)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i < costs.Length; i++)
        {
            if (uses[0, i] * limits[1] <= limits[0] + 1e-12) best = Math.Min(best, costs[i] * limits[1]);
            for (var j = 0; j < costs.Length; j++)
            {
                var difference = uses[0, i] - uses[0, j];
                if (Math.Abs(difference) < 1e-12) continue;
                var x = (limits[0] - (uses[0, j] * limits[1])) / difference;
                if (x >= 0 && x <= limits[1]) best = Math.Min(best, (costs[i] * x) + (costs[j] * (limits[1] - x)));
            }
        }

        return best;
    }
}
