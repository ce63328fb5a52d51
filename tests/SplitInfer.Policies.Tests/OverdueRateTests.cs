using SplitInfer.Policies.Exploration;

namespace SplitInfer.Policies.Tests;

public class OverdueRateTests
{
    [Fact]
    public void Races_are_as_rare_as_replies_are_in_time()
    {
        var rate = new OverdueRate();
        Assert.False(rate.IsHigh);
        Assert.Equal(double.PositiveInfinity, rate.RaceInterval);

        // One reply in fifty: √(2·0.02/(0.02·0.4)).
        rate.Add();
        Assert.True(rate.IsHigh);
        Assert.Equal(Math.Sqrt(5), rate.RaceInterval, precision: 6);

        for (var i = 0; i < 200; i++) rate.Advance();
        Assert.False(rate.IsHigh);
        Assert.InRange(rate.RaceInterval, 10, 20);
    }
}
