using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class QualityCurveTests
{
    [Fact]
    public void The_hull_is_concave_and_no_setting_is_above_it() => RandomCurves.ForAll(300, static random =>
    {
        var curve = RandomCurves.Curve(random);
        (double Seconds, double Accuracy)[] hull = [.. curve.Hull.Select(setting => (curve.SecondsOf(setting), setting.Accuracy))];
        for (var i = 1; i < hull.Length; i++) Assert.True(hull[i].Seconds > hull[i - 1].Seconds && hull[i].Accuracy > hull[i - 1].Accuracy);
        for (var i = 2; i < hull.Length; i++) Assert.True(Slope(hull[i - 2], hull[i - 1]) > Slope(hull[i - 1], hull[i]) * (1 - 1e-9));
        foreach (var setting in curve.Settings)
        {
            var (seconds, right) = (curve.SecondsOf(setting), Array.FindIndex(hull, point => point.Seconds >= curve.SecondsOf(setting)));
            var bound = right < 0 ? hull[^1].Accuracy : right == 0 ? hull[0].Accuracy : hull[right - 1].Accuracy + (Slope(hull[right - 1], hull[right]) * (seconds - hull[right - 1].Seconds));
            Assert.InRange(setting.Accuracy, 0, bound + 1e-9);
        }
    });

    [Fact]
    public void What_is_chosen_at_a_price_is_the_best_of_all_settings_that_go_no_deeper() => RandomCurves.ForAll(300, static random =>
    {
        var curve = RandomCurves.Curve(random);
        var (depth, price) = (random.Next(curve.Exits.Length), Math.Pow(10, (random.NextDouble() * 6) - 2));
        double Value(ExitSetting setting) => setting.Accuracy - (price * curve.SecondsOf(setting));
        Assert.Equal(curve.Settings.Where(setting => setting.Depth <= depth).Max(Value), Value(curve.Settings[curve.Hulls.Choose(depth, price)]), 1e-9);
    });

    [Fact]
    public void Thresholds_that_are_learned_are_worth_more_than_any_exit_alone()
    {
        // Half of the inputs are easy; the first exit is right on all of those and knows it.
        ModelExit[] exits = [new(0.002, 0.75), new(0.010, 1)];
        double[] sure = [.. Enumerable.Range(0, 1000).Select(static i => i % 2 == 0 ? 0.9 + (i * 1e-5) : 0.4 + (i * 1e-5))];
        double[] right = [.. Enumerable.Range(0, 1000).Select(static i => i % 2 == 0 || i % 4 == 1 ? 1.0 : 0)];
        var curve = new QualityCurve(exits, ExitAnswers.Settings(exits, [sure, sure], [right, [.. right.Select(static _ => 1.0)]]));
        var best = curve.Hull.Last();
        Assert.Equal(1, best.Accuracy);
        Assert.Equal(0.002 + (0.008 / 2), curve.SecondsOf(best), 1e-9);
        Assert.InRange(best.Thresholds[0], 0.42, 0.9);
    }

    [Fact]
    public void Numbers_that_do_not_fit_together_are_refused_in_words()
    {
        Assert.Contains("at least one", Assert.Throws<ArgumentException>(static () => ExitAnswers.Settings([new(1, 1)], [[]], [[]])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => new QualityCurve([]));
        Assert.Throws<ArgumentException>(static () => new QualityCurve([new(2, 0.5), new(1, 0.9)]));
        Assert.Throws<ArgumentException>(static () => new QualityCurve([new(1, 0.5), new(2, 0.9)], [ExitSetting.Forced(1, 0.9)]));
        Assert.Throws<ArgumentException>(static () => new QualityCurve([new(1, 0.5)], [ExitSetting.Forced(0, 0.5), ExitSetting.Forced(1, 0.9)]));
        Assert.Throws<ArgumentException>(static () => new ExitSetting(1, [0.5], [1, 1.2], 0.9));
    }

    private static double Slope((double Seconds, double Accuracy) from, (double Seconds, double Accuracy) to) => (to.Accuracy - from.Accuracy) / (to.Seconds - from.Seconds);
}
