using SplitInfer.Cli.Commands.Calibrate;

namespace SplitInfer.Cli.Tests.Commands.Calibrate;

public sealed class WilsonIntervalTests
{
    // Computed apart from this code, by the formula of the 1927 paper.
    [Theory]
    [InlineData(1, 1, 0.206549, 1)]
    [InlineData(1, 5, 0.565518, 1)]
    [InlineData(1, 200, 0.981155, 1)]
    [InlineData(0.99, 200, 0.964278, 0.997253)]
    [InlineData(0.5, 10, 0.236593, 0.763407)]
    [InlineData(0, 10, 0, 0.277533)]
    public void The_interval_is_that_of_the_formula(double share, int samples, double low, double high)
    {
        var interval = WilsonInterval.Of(share, samples);
        Assert.Equal(low, interval.Low, tolerance: 1e-6);
        Assert.Equal(high, interval.High, tolerance: 1e-6);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    [InlineData(0.999)]
    public void So_many_samples_show_a_share_and_one_less_does_not(double share)
    {
        var samples = (int)WilsonInterval.SamplesFor(share)!;
        Assert.True(WilsonInterval.Of(1, samples).Low >= share);
        Assert.True(WilsonInterval.Of(1, samples - 1).Low < share);
    }

    [Fact]
    public void No_number_of_samples_shows_that_all_agree() => Assert.Null(WilsonInterval.SamplesFor(1));
}
