using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Fleet.Prices;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet.Tests.Prices;

/// <summary>What travels of a curve says of its price what the curve says.</summary>
public class CurveMessageTests
{
    [Fact]
    public void A_curve_has_the_same_price_after_the_way() => Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
    {
        var (curve, chance) = (SomeCurves.Draw(seed), new Random(seed));
        var travelled = CurveMessage.Of(curve).ToCurve();
        for (var i = 0; i < 10; i++)
        {
            var (rate, weight, depth, capacity) = (1 + (1000 * chance.NextDouble()), 0.1 + chance.NextDouble(), chance.Next(curve.Exits.Length), 0.1 + chance.NextDouble());
            var (before, after) = (NodePricing.Solve([new(rate, weight, curve, depth)], capacity), NodePricing.Solve([new(rate, weight, travelled, depth)], capacity));
            // Prices at which nothing changes are all right; what they make users choose is what counts.
            var (cost, other) = (NodePricing.Cost([new(rate, weight, curve, depth)], before), NodePricing.Cost([new(rate, weight, curve, depth)], after));
            Assert.Equal(cost, other, 1e-6 * Math.Max(1, cost));
        }
    }).Check(Config.QuickThrowOnFailure.WithReplay(18, 1));

    [Fact]
    public void Settings_that_are_never_best_stay_at_the_node()
    {
        var worse = new QualityCurve(
            [new(0.002, 0.91), new(0.010, 0.995)],
            [ExitSetting.Forced(0, 0.91), ExitSetting.Forced(1, 0.995), .. Enumerable.Range(0, 200).Select(static i => new ExitSetting(1, [0.9], [1, 0.5], 0.91 + (1e-5 * i)))]);
        Assert.Equal(2, CurveMessage.Of(worse).Depths.Length);
    }

    [Theory]
    [InlineData(new[] { 0.1, 0.2 }, new[] { 0.5 }, new byte[] { 0 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new[] { 0.2, 0.1 }, new[] { 0.5, 0.6 }, new byte[] { 0 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new[] { 0.1 }, new[] { double.NaN }, new byte[] { 0 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new[] { 0.1 }, new[] { 0.5 }, new byte[] { 9 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new[] { 0.1 }, new[] { 0.5 }, new byte[] { 255 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new[] { 0.1, 0.2 }, new[] { 0.5, 0.6 }, new byte[] { 0, 1 }, new[] { 1.0, 2.0 }, new[] { 0.5, 0.6 })]
    [InlineData(new[] { 0.1 }, new[] { 0.5 }, new byte[] { 0, 0 }, new[] { 1.0 }, new[] { 0.5 })]
    [InlineData(new double[0], new double[0], new byte[0], new double[0], new double[0])]
    [InlineData(null, new[] { 0.5 }, new byte[] { 0 }, new[] { 1.0 }, new[] { 0.5 })]
    public void Numbers_of_no_curve_are_refused(double[]? seconds, double[] exits, byte[] depths, double[] shares, double[] accuracies) =>
        Assert.ThrowsAny<ArgumentException>(() => new CurveMessage(seconds!, exits, depths, shares, accuracies).ToCurve());
}
