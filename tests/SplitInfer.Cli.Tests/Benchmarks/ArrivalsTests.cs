using SplitInfer.Cli.Benchmarks;

namespace SplitInfer.Cli.Tests.Benchmarks;

public class ArrivalsTests
{
    [Fact]
    public void Times_rise_within_the_phase_and_are_as_many_as_the_rate_says()
    {
        for (var seed = 0; seed < 50; seed++)
        foreach (var pattern in Enum.GetValues<ArrivalPattern>())
        {
            var phase = TimeSpan.FromSeconds(50);
            TimeSpan[] times = [.. new Arrivals(pattern, perSecond: 100, phase, seed).Times()];
            Assert.Equal(times.Order(), times);
            Assert.All(times, time => Assert.InRange(time, TimeSpan.Zero, phase));
            // Six standard deviations of a Poisson count of 5000.
            Assert.InRange(times.Length, 5000 - 425, 5000 + 425);
            Assert.Equal(times, new Arrivals(pattern, perSecond: 100, phase, seed).Times());
        }
    }

    [Fact]
    public void Bursts_have_four_times_as_many()
    {
        TimeSpan[] times = [.. new Arrivals(ArrivalPattern.Bursts, perSecond: 1000, TimeSpan.FromSeconds(250), seed: 1).Times()];
        var within = times.Count(static time => time.TotalSeconds % 2.5 < 0.5) / 0.5;
        var without = times.Count(static time => time.TotalSeconds % 2.5 >= 0.5) / 2.0;
        Assert.InRange(within / without, 3.9, 4.1);
    }
}
