using SplitInfer.Cli.Commands.Top;

namespace SplitInfer.Cli.Tests.Commands.Top;

/// <summary>Rates are differences of counts over that of the server's times.</summary>
public sealed class RatesTests
{
    private static MonitorSample At(double seconds, params MonitoredClient?[] clients) => new() { Version = 1, UnixSeconds = seconds, Clients = clients };

    [Fact]
    public void Differences_over_the_time_between()
    {
        var rates = Rates.Between(
            At(100, new MonitoredClient { Number = 1, Answered = 50, Refused = 3, ToldFinished = 40, ToldWonByDevice = 4, ToldOnDevice = 10 }),
            At(102, new MonitoredClient { Number = 1, Answered = 70, Refused = 4, ToldFinished = 48, ToldWonByDevice = 6, ToldOnDevice = 22 }));
        var one = Assert.Single(rates.Clients);
        // 12 ran on the device, and 2 of 8 were won by it.
        Assert.Equal((10, 0.5, 0.7), (one.RequestsPerSecond, one.RefusalsPerSecond, one.DeviceShare));
    }

    [Fact]
    public void A_connection_that_has_come_since_counts_from_nothing_and_one_that_has_gone_not_at_all()
    {
        var rates = Rates.Between(At(0, new MonitoredClient { Number = 1, Answered = 1000 }, null), At(4, new MonitoredClient { Number = 2, Answered = 6 }, null));
        Assert.Equal((1.5, 1.5, 0), (Assert.Single(rates.Clients).RequestsPerSecond, rates.RequestsPerSecond, rates.RefusalsPerSecond));
        Assert.Null(rates.Clients[0].DeviceShare);
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    [InlineData(5, double.NaN)]
    [InlineData(5, double.PositiveInfinity)]
    public void Where_no_time_passed_that_can_be_told_nothing_is_known(double before, double now)
    {
        var rates = Rates.Between(At(before, new MonitoredClient { Answered = 1 }), At(now, new MonitoredClient { Answered = 2 }));
        Assert.Null(rates.RequestsPerSecond);
    }

    [Fact]
    public void Nothing_is_known_of_a_first_sample_and_of_counts_that_fall()
    {
        Assert.Null(Rates.Between(null, At(1, new MonitoredClient { Answered = 2 })).RequestsPerSecond);
        Assert.Null(Rates.Between(At(1, new MonitoredClient { Answered = 3 }), At(2, new MonitoredClient { Answered = 2 })).RequestsPerSecond);
        Assert.Equal(0, Rates.Between(new() { UnixSeconds = 1 }, new() { UnixSeconds = 2 }).RequestsPerSecond);
    }

    [Fact]
    public void Shares_that_a_client_makes_up_are_not_shown()
    {
        var rates = Rates.Between(At(0, new MonitoredClient()), At(1, new MonitoredClient { ToldFinished = 1, ToldWonByDevice = 5 }));
        Assert.Null(rates.Clients[0].DeviceShare);
    }
}
