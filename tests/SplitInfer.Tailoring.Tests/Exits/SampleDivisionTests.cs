using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class SampleDivisionTests
{
    [Fact]
    public void Every_sample_has_one_purpose() => Sampled.Check(1, 100, random =>
    {
        var samples = random.Next(200, 3000);
        var division = SampleDivision.Of(samples, 0.05, 0.95, random.Next());
        Assert.Equal(Enumerable.Range(0, samples), division.Training.Concat(division.Calibration).Concat(division.Threshold).Order());
        Assert.True(division.Threshold.Length >= LossBound.FewestSamples(0.05, 0.95) && division.Training.Length > division.Calibration.Length);
    });

    [Fact]
    public void The_same_seed_divides_alike_and_another_does_not()
    {
        Assert.Equal(SampleDivision.Of(500, 0.02, 0.95, 1).Threshold, SampleDivision.Of(500, 0.02, 0.95, 1).Threshold);
        Assert.NotEqual(SampleDivision.Of(500, 0.02, 0.95, 1).Threshold, SampleDivision.Of(500, 0.02, 0.95, 2).Threshold);
    }

    [Theory]
    [InlineData(500, 0.001, "takes 4992 samples", "MaxLoss 1%")]
    [InlineData(300, 0.01, "takes 499 samples", "MaxLoss 1.7%")]
    [InlineData(3, 0.5, "takes 40 samples", "")]
    public void What_too_few_samples_can_show_is_told_and_true(int samples, double maxLoss, string needed, string possible)
    {
        var error = Assert.Throws<ExitsRefusedException>(() => SampleDivision.Of(samples, maxLoss, 0.95, 1));
        Assert.Contains(needed, error.Message, StringComparison.Ordinal);
        Assert.Contains(possible, error.Message, StringComparison.Ordinal);
        Assert.NotNull(SampleDivision.Of(int.Parse(needed.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), maxLoss, 0.95, 1));
        if (possible.Length > 0) Assert.NotNull(SampleDivision.Of(samples, double.Parse(possible.Split(' ')[1][..^1], System.Globalization.CultureInfo.InvariantCulture) / 100, 0.95, 1));
    }
}
