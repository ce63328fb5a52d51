using SplitInfer.Simulation.Quality;

namespace SplitInfer.Policies.Tests.Quality;

/// <summary>The simulator against queueing theory, and controllers in short worlds; docs/quality.md has the figures of long ones.</summary>
public class QualitySimulatorTests
{
    private static readonly QualityWorld Short = new() { Seed = 5, Seconds = 12, KillAt = 4 };

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.8, 0)]
    [InlineData(0.7, 0.8)]
    public void Who_is_served_as_they_come_waits_as_pollaczek_and_khinchine_say(double load, double deviation)
    {
        // M/D/1, and M/G/1 with runs whose logarithm is normal.
        const double Seconds = 0.010;
        var world = new QualityWorld { Seed = 3, Seconds = 1500, Load = load, Models = [[new(Seconds, 0.9)]], Deadlines = [1e6], TimeDeviation = deviation, Users = 4 };
        var result = new QualitySimulator(world).Play(QualityContender.FirstCome);
        var expected = Seconds + (load * Seconds * Math.Exp(deviation * deviation) / (2 * (1 - load)));
        Assert.InRange(result.MeanSeconds / expected, 0.95, 1.05);
        Assert.InRange(result.Utilization, load * 0.98, load * 1.02);
        Assert.Equal(0.9, result.Accuracy, 0.01);
        Assert.Equal(0, result.Misses);
    }

    [Fact]
    public void Who_comes_in_bursts_or_comes_and_goes_comes_as_often_in_the_mean()
    {
        foreach (var world in (QualityWorld[])[Short, Short with { IsBursty = true }, Short with { HasChurn = true, Users = 64 }])
        {
            var longer = world with { Seconds = 200 };
            Assert.InRange(new QualitySimulator(longer).Requests / (longer.Rate * longer.Seconds), 0.93, 1.07);
        }
    }

    [Fact]
    public void Nobody_exceeds_the_bound_and_the_same_seed_gives_the_same_world()
    {
        foreach (var world in (QualityWorld[])[Short with { Seconds = 5 }, Short with { Seconds = 5, Load = 3.5, IsBursty = true, Confidence = 0 }, Short with { Seconds = 5, Load = 2.5, Servers = 2, SlowAt = 3 }])
        {
            var simulator = new QualitySimulator(world);
            var bound = simulator.Play(QualityContender.Optimum).Accuracy;
            foreach (var contender in Enum.GetValues<QualityContender>()) Assert.InRange(simulator.Play(contender).Accuracy, 0, bound + 0.005);
            Assert.Equal(simulator.Play(QualityContender.Prices), new QualitySimulator(world).Play(QualityContender.Prices));
            Assert.NotEqual(simulator.Play(QualityContender.Prices).Accuracy, new QualitySimulator(world with { Seed = 6 }).Play(QualityContender.Prices).Accuracy);
        }
    }

    [Fact]
    public void The_bound_is_what_a_server_alone_with_time_enough_reaches()
    {
        var world = Short with { Load = 0.05, Deadlines = [1], Confidence = 0, Seconds = 100 };
        var simulator = new QualitySimulator(world);
        Assert.Equal(0.995, simulator.Play(QualityContender.Optimum).Accuracy, 1e-6);
        Assert.Equal(0.995, simulator.Play(QualityContender.Prices).Accuracy, 1e-6);
    }

    [Theory]
    [InlineData(0.5, 0.9)]
    [InlineData(1.5, 0)]
    [InlineData(3.5, 0.9)]
    public void Everybody_has_a_slightly_shallower_answer_instead_of_some_a_late_one(double load, double confidence)
    {
        var simulator = new QualitySimulator(Short with { Load = load, Confidence = confidence });
        var own = simulator.Play(QualityContender.Prices);
        Assert.InRange(own.Misses, 0, 0.002);
        Assert.InRange(own.PriceBytesPerSecond, 1, 100);
        Assert.InRange(own.MostReportBytes, 1, 100);
        Assert.InRange(own.LeastUserShare, 0.95, 1);
        Assert.InRange(own.Accuracy / simulator.Play(QualityContender.Optimum).Accuracy, 0.96, 1);
        foreach (var contender in Enum.GetValues<QualityContender>().Where(static contender => contender < QualityContender.Prices))
            Assert.InRange(own.Accuracy - simulator.Play(contender).Accuracy, -0.003, 1);
        Assert.InRange(simulator.Play(QualityContender.CoordinatorKilled).LateAccuracy - own.LateAccuracy, -0.01, 0.01);
    }

    [Fact]
    public void Where_the_shallowest_exit_fits_no_random_world_is_worse_than_that_exit_for_all()
    {
        for (var seed = 500; seed < 512; seed++)
        {
            var simulator = new QualitySimulator(RandomQualityWorld.Of(seed, requests: 2000));
            Assert.InRange(simulator.Play(QualityContender.Prices).Accuracy - simulator.Play(QualityContender.Shallowest).Accuracy, -0.003, 1);
        }
    }

    [Fact]
    public void A_server_that_becomes_slow_gives_shallower_answers_in_time()
    {
        var simulator = new QualitySimulator(Short with { Load = 1.2, Servers = 2, SlowAt = 5, Users = 32 });
        Assert.InRange(simulator.Play(QualityContender.Prices).Misses, 0, 0.003);
        Assert.True(simulator.Play(QualityContender.Prices).Accuracy > simulator.Play(QualityContender.BestFixed).Accuracy);
    }
}
